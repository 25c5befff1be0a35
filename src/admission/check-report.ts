import type { FieldError } from '../kinds/decode.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Capacity } from '../rules/capacity.ts'
import type { EdgeNatDrift } from '../rules/edge-nat-drift.ts'
import type { BoundRule, Judged, UnjudgedRule } from '../rules/evaluate.ts'
import type { Unjudged } from '../rules/finding.ts'
import type { JsonObject } from './apply.ts'
import type { Exempted } from './exempt.ts'
import { pathOfField, type FieldPath } from './field-path.ts'
import type { Audience, Judgement } from './judge.ts'
import type { PatchOperation } from './patch.ts'
import { INVALID_OBJECT } from './response.ts'
import { findingWords } from './wording/finding.ts'
import { fieldErrorWords } from './wording/unjudged.ts'

/** 1-based; 0 and 0 for what was not read from a file. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where an object was written. */
export interface Place {
  /** Of the file, as it is shown; for an object of a cluster the object's reference stands in its place. */
  readonly path: string
  /** Where a field stands, or the nearest outer one when it is not written; [] for the object. */
  readonly position: (field: FieldPath) => Position
}

/** One document to check, and where it was written. */
export interface CheckSubject extends Place {
  /** A Kubernetes object, or any other JSON object, which is not judged. */
  readonly object: JsonObject
}

export interface CheckFinding extends Position {
  /** Id of the rule, or `invalid-object` for a field of the wrong type. */
  readonly rule: string
  readonly action: BoundRule['action']
  /** '' for the object as a whole. */
  readonly field: string
  /** One line, without the rule. */
  readonly message: string
  /** PolicyTest documents that show it; absent where it needs none. */
  readonly witnesses?: readonly JsonObject[]
}

/** A finding that an exemption let pass. */
export interface CheckExempted extends CheckFinding {
  /** The ExposurePolicy that the exemption stands in. */
  readonly policy: string
  readonly reason: string
  /** The last day on which it counts, such as 2027-01-31. */
  readonly expires: string
}

/**
 * A rule that could not be judged for want of `needs`: a kind whose objects are not known, or a field of the plan; or
 * ('' then) of who wrote a stored object, which is not stored with it.
 */
export interface Unchecked {
  readonly rule: string
  readonly because: Unjudged['because'] | 'writer-unknown'
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
  /** How many more there are, which are not told; absent for none. */
  readonly more?: number
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
  /** How full pools and allocations are, with what was applied. */
  readonly capacity: Capacity
  /** How an edge NAT router's mappings differ from what is in use; undefined where there is none, and for what is not stored. */
  readonly edgeNat: EdgeNatDrift | 'unknown' | undefined
}

/** The report on these objects. */
export function reportOn(
  objects: readonly CheckedObject[],
  { capacity, edgeNat }: Pick<CheckReport, 'capacity' | 'edgeNat'>
): CheckReport {
  const summary = { denied: 0, warned: 0, unchecked: 0, passed: 0, 'not-judged': 0 }
  for (const { verdict } of objects) summary[verdict]++
  return { objects, summary, capacity, edgeNat }
}

/** An object that no rule had anything to say about: `passed` when it is stored just like that, else `not-judged`. */
export function silentObject(place: Place, ref: ObjectRef, verdict: 'passed' | 'not-judged'): CheckedObject {
  return { source: sourceOf(place), ref, verdict, findings: [], exempted: [], unchecked: [], defaults: [] }
}

/** What a judgement says about an object, in words and with positions. */
export function judgedObject(
  place: Place,
  ref: ObjectRef,
  judgement: Judgement,
  defaults: readonly PatchOperation[]
): CheckedObject {
  const findings = [
    ...invalidFields(place, judgement.fieldErrors),
    ...judgement.findings.map(judged => checkFinding(place, judged, judgement.audience))
  ]
  const exempted = judgement.exempted.map(one => checkExempted(place, one, judgement.audience))
  const unchecked = judgement.unjudged.map(uncheckedRule)
  return checkedObject(place, ref, findings, { exempted, unchecked, defaults })
}

/** An object with all that is known of it. */
export function checkedObject(
  place: Place,
  ref: ObjectRef,
  findings: readonly CheckFinding[],
  {
    exempted = [],
    unchecked = [],
    defaults = []
  }: Partial<Pick<CheckedObject, 'exempted' | 'unchecked' | 'defaults'>>
): CheckedObject {
  const verdict = verdictOf(findings, unchecked)
  return { source: sourceOf(place), ref, verdict, findings, exempted, unchecked, defaults }
}

/** A finding in words, and where its field stands. */
export function checkFinding(
  { position }: Place,
  { rule, action, finding }: Pick<Judged, 'action' | 'finding'> & { readonly rule: { readonly id: string } },
  audience: Audience
): CheckFinding {
  const { field } = finding
  const message = findingWords(finding, audience)
  return { rule: rule.id, action, field, message, ...position(pathOfField(field)) }
}

/** A finding that an exemption lets pass, and the exemption. */
export function checkExempted(
  place: Place,
  { exemption: { policy, reason, expires }, ...judged }: Exempted,
  audience: Audience
): CheckExempted {
  return { ...checkFinding(place, judged, audience), policy, reason, expires }
}

/** Fields of the wrong type, which deny. */
export function invalidFields({ position }: Place, errors: readonly FieldError[]): readonly CheckFinding[] {
  return errors.map(error => ({
    rule: INVALID_OBJECT,
    action: 'deny',
    field: error.field,
    message: fieldErrorWords(error),
    ...position(pathOfField(error.field))
  }))
}

export function uncheckedRule({ rule, reason }: Pick<UnjudgedRule, 'rule' | 'reason'>): Unchecked {
  const needs = reason.because === 'kind-unknown' ? reason.kind : reason.planField
  return { rule: rule.id, because: reason.because, needs }
}

/**
 * The same object with those warnings alone that still hold after everything was applied: what was applied together is
 * told of together, and an advertisement that comes after its pool is no news to whoever wrote both.
 */
export function settledObject(checked: CheckedObject, later: Judgement): CheckedObject {
  const holds = new Set(later.findings.map(({ rule, finding }) => `${rule.id} ${finding.field}`))
  const findings = checked.findings.filter(
    ({ rule, action, field }) => action === 'deny' || holds.has(`${rule} ${field}`)
  )
  return { ...checked, findings, verdict: verdictOf(findings, checked.unchecked) }
}

function verdictOf(findings: readonly CheckFinding[], unchecked: readonly Unchecked[]): CheckVerdict {
  if (findings.some(({ action }) => action === 'deny')) return 'denied'
  if (findings.some(({ action }) => action === 'warn')) return 'warned'
  return unchecked.length > 0 ? 'unchecked' : 'passed'
}

function sourceOf({ path, position }: Place): CheckedObject['source'] {
  return { path, ...position([]) }
}
