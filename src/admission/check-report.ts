import type { ObjectRef } from '../kinds/object-ref.ts'
import type { BoundRule, Judged } from '../rules/evaluate.ts'
import type { Unjudged } from '../rules/finding.ts'
import type { JsonObject } from './apply.ts'
import { pathOfField, type FieldPath } from './field-path.ts'
import type { Judgement } from './judge.ts'
import type { PatchOperation } from './patch.ts'
import { INVALID_OBJECT } from './response.ts'
import { findingWords } from './wording/finding.ts'
import { fieldErrorWords } from './wording/unjudged.ts'

/** 1-based. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One document to check, and where it was written. */
export interface CheckSubject {
  /** A Kubernetes object, or any other JSON object, which is not judged. */
  readonly object: JsonObject
  /** Of the file, as it is shown. */
  readonly path: string
  /** Where a field stands, or the nearest outer one when it is not written; [] for the object. */
  readonly position: (field: FieldPath) => Position
}

export interface CheckFinding extends Position {
  /** Id of the rule, or `invalid-object` for a field of the wrong type. */
  readonly rule: string
  readonly action: BoundRule['action']
  /** '' for the object as a whole. */
  readonly field: string
  /** One line, without the rule. */
  readonly message: string
}

/** A finding that an exemption let pass. */
export interface CheckExempted extends CheckFinding {
  /** The ExposurePolicy that the exemption stands in. */
  readonly policy: string
  readonly reason: string
  /** The last day on which it counts, such as 2027-01-31. */
  readonly expires: string
}

/** A rule that could not be judged for want of `needs`: a kind whose objects are not known, or a field of the plan. */
export interface Unchecked {
  readonly rule: string
  readonly because: Unjudged['because']
  readonly needs: string
}

/**
 * `denied`, `warned`: a finding says so, the stronger one counts. `unchecked`: nothing denies or warns, but some rule
 * could not be judged. `not-judged`: no rule is about the kind.
 */
export type CheckVerdict = 'denied' | 'warned' | 'unchecked' | 'passed' | 'not-judged'

export interface CheckedObject {
  readonly source: Position & { readonly path: string }
  /** As the API server would name it; all parts are '' for a document that is no Kubernetes object. */
  readonly ref: ObjectRef
  readonly verdict: CheckVerdict
  /** In the order of the rules; those of action `audit` change no verdict. */
  readonly findings: readonly CheckFinding[]
  /** They change no verdict either. */
  readonly exempted: readonly CheckExempted[]
  /** Rules that could not be judged, whatever the verdict. */
  readonly unchecked: readonly Unchecked[]
  /** What the mutating path filled in before the object was judged. */
  readonly defaults: readonly PatchOperation[]
}

export interface CheckReport {
  /** In the order given. */
  readonly objects: readonly CheckedObject[]
  /** How many objects got each verdict. */
  readonly summary: Readonly<Record<CheckVerdict, number>>
}

/** An object that no rule had anything to say about: `passed` when it is stored just like that, else `not-judged`. */
export function silentObject(
  subject: CheckSubject,
  ref: ObjectRef,
  verdict: 'passed' | 'not-judged'
): CheckedObject {
  return { source: sourceOf(subject), ref, verdict, findings: [], exempted: [], unchecked: [], defaults: [] }
}

/** What a judgement says about an object, in words and with positions. */
export function judgedObject(
  subject: CheckSubject,
  ref: ObjectRef,
  judgement: Judgement,
  defaults: readonly PatchOperation[]
): CheckedObject {
  const at = (field: string) => subject.position(pathOfField(field))
  const invalid = judgement.fieldErrors.map((error): CheckFinding => ({
    rule: INVALID_OBJECT,
    action: 'deny',
    field: error.field,
    message: fieldErrorWords(error),
    ...at(error.field)
  }))
  const worded = ({ rule, action, finding }: Judged): CheckFinding => ({
    rule: rule.id,
    action,
    field: finding.field,
    message: findingWords(finding, judgement.audience),
    ...at(finding.field)
  })
  const findings = [...invalid, ...judgement.findings.map(worded)]
  const exempted = judgement.exempted.map(({ exemption: { policy, reason, expires }, ...judged }) => ({
    ...worded(judged),
    policy,
    reason,
    expires
  }))
  const unchecked = judgement.unjudged.map(({ rule, reason }) => ({
    rule: rule.id,
    because: reason.because,
    needs: reason.because === 'kind-unknown' ? reason.kind : reason.planField
  }))
  return {
    source: sourceOf(subject),
    ref,
    verdict: verdictOf(findings, unchecked),
    findings,
    exempted,
    unchecked,
    defaults
  }
}

function verdictOf(findings: readonly CheckFinding[], unchecked: readonly Unchecked[]): CheckVerdict {
  if (findings.some(({ action }) => action === 'deny')) return 'denied'
  if (findings.some(({ action }) => action === 'warn')) return 'warned'
  return unchecked.length > 0 ? 'unchecked' : 'passed'
}

function sourceOf({ path, position }: CheckSubject): CheckedObject['source'] {
  return { path, ...position([]) }
}
