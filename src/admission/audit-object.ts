import type { View } from '../inventory/view.ts'
import { refOf, type AnyObject } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { exposureFor } from '../policy/resolve-exposure.ts'
import { evaluate } from '../rules/evaluate.ts'
import type { Finding } from '../rules/finding.ts'
import { presumedWriters } from '../rules/presumed-writers.ts'
import { agreed } from './agreed.ts'
import { uncheckedRule, type Unchecked } from './check-report.ts'
import { withExemptions, type Exempted } from './exempt.ts'
import { classOf } from './judge.ts'
import type { PolicySnapshot } from './ports.ts'
import { storedWrite } from './raw-request.ts'

/** Findings told of one object, as many as of a denial: a pool may share addresses with ten thousand others. */
const MOST_FINDINGS = 16

/** What is to be said of one object. */
export interface Audited {
  readonly ref: ObjectRef
  /** At most 16 of its rules', the strictest first when there are more. */
  readonly found: readonly Stated[]
  /** How many more there are. */
  readonly more: number
  readonly exempted: readonly Exempted[]
  readonly unchecked: readonly Unchecked[]
}

/** A finding, whose it is, and what the policies make of it. */
export interface Stated {
  readonly rule: { readonly id: string }
  readonly action: 'deny' | 'warn' | 'audit'
  readonly finding: Finding
}

export interface AuditOptions {
  readonly view: View
  /** Whether ways out are worked out. */
  readonly proposing: boolean
  /** Exemptions end. */
  readonly nowMs: number
  /** Whether all findings are told, however many. */
  readonly tellsAll?: boolean
}

/**
 * Judges a stored object as if it were new, by all rules but those about several objects together. One evaluation, but for an object that is judged differently by who wrote it:
 * one for each who may have, and what they do not agree on is unchecked.
 */
export function auditObject(
  object: AnyObject,
  { plan, claims, rules, exposures }: PolicySnapshot,
  { view, proposing, nowMs, tellsAll = false }: AuditOptions
): Audited {
  const change = {
    kind: object.kind,
    operation: 'CREATE',
    object,
    oldObject: undefined,
    grows: true,
    loses: false
  } as const
  const context = { view: view.with(claims), plan, proposing }
  const ref = refOf(object)
  const asked = rules.filter(({ countsTogether, asksWho }) => countsTogether !== true && asksWho !== true)
  const namespaceLabels = view.get('Namespace', '', ref.namespace)?.meta.labels
  // Who wrote it is not stored: an exemption of users or groups alone exempts nothing here.
  const write = { ref, username: '', groups: [] }
  const applying = new Set<string>()
  const evaluations = presumedWriters(object, { view, plan }).map(writer => {
    const { tenancy, requester } = writer
    const serviceClass = classOf(change, requester, view)
    const exposure = exposureFor(exposures, { tenancy, namespaceLabels, serviceClass })
    const raw = storedWrite(object, requester)
    for (const id of exposure.customRules) applying.add(id)
    return withExemptions(
      evaluate(change, asked, { ...context, ...writer, exposure, ...(raw === undefined ? {} : { raw }) }),
      write,
      exposure,
      nowMs
    )
  })
  const { findings, unjudged, unsettled } = agreed(evaluations)
  const byWriter = rules.filter(
    ({ id, on, operations, asksWho }) =>
      asksWho === true && on.includes(object.kind) && operations?.includes('CREATE') && applying.has(id)
  )
  const depending = [...unsettled, ...byWriter].map(
    ({ id }) => ({ rule: id, because: 'writer-unknown', needs: '' }) as const
  )
  return {
    ref,
    found: tellsAll ? findings : told(findings),
    more: tellsAll ? 0 : Math.max(0, findings.length - MOST_FINDINGS),
    exempted: evaluations[0]?.exempted ?? [],
    unchecked: [...unjudged.map(uncheckedRule), ...depending]
  }
}

const STRICTNESS = { deny: 0, warn: 1, audit: 2 } as const

/** What is cut off must not be what denies. */
function told(findings: readonly Stated[]): readonly Stated[] {
  if (findings.length <= MOST_FINDINGS) return findings
  return findings.toSorted((a, b) => STRICTNESS[a.action] - STRICTNESS[b.action]).slice(0, MOST_FINDINGS)
}
