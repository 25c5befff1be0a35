import type { View } from '../inventory/view.ts'
import { KIND_NAMES, KINDS, type AnyObject } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { auditObject, type Audited } from './audit-object.ts'
import type { Audience } from './judge.ts'
import type { PolicySnapshot } from './ports.ts'
import { findingWords } from './wording/finding.ts'

/** A stored object that would be denied if it were written now: it came past the webhooks, or before them. */
export interface DeniedObject {
  readonly ref: ObjectRef
  /** '' when it has none. */
  readonly uid: string
  /** Rules that deny it, each once. */
  readonly rules: readonly string[]
  /** A line a finding, for whoever reads the Events of its namespace: of a tenant's, nothing about others. */
  readonly note: string
}

/** What one look at everything stored found. */
export interface AuditTally {
  /** Objects by what would be said of them. */
  readonly verdicts: Readonly<Record<'denied' | 'warned' | 'unchecked' | 'passed', number>>
  /** By action and rule. */
  readonly findings: readonly { readonly action: string; readonly rule: string; readonly count: number }[]
  /** The first thousand. */
  readonly denied: readonly DeniedObject[]
}

/** Objects that are told of one by one; more would be a flood of Events that nobody reads. */
const MOST_DENIED = 1_000

/**
 * Judges each stored object of the kinds that rules are about as if it were new, one a step, and counts. Each object is judged
 * against the view as it is at its step, so that everything is of its moment and nothing of one moment together. A step costs
 * what a decision costs, without ways out; what is kept does not grow with the number of objects.
 */
export function* auditSteps(
  snapshot: PolicySnapshot,
  view: View,
  nowMs: number
): Generator<undefined, AuditTally, undefined> {
  const verdicts = { denied: 0, warned: 0, unchecked: 0, passed: 0 }
  const counts = new Map<string, { action: string; rule: string; count: number }>()
  const denied: DeniedObject[] = []
  for (const kind of KIND_NAMES.filter(one => snapshot.rules.some(rule => rule.on.includes(one)))) {
    // As many as there are now: watches write between two steps.
    const stored = [...view.list(kind)]
    for (const object of stored) {
      const audited = auditObject(object, snapshot, { view, proposing: false, nowMs })
      const verdict = verdictOf(audited)
      verdicts[verdict]++
      for (const { action, rule } of distinct(audited)) {
        const entry = counts.get(`${action} ${rule}`) ?? { action, rule, count: 0 }
        counts.set(`${action} ${rule}`, { ...entry, count: entry.count + 1 })
      }
      if (verdict === 'denied' && denied.length < MOST_DENIED)
        denied.push(deniedObject(object, audited, snapshot))
      yield
    }
  }
  return { verdicts, findings: [...counts.values()], denied }
}

function verdictOf({ found, unchecked }: Audited): keyof AuditTally['verdicts'] {
  if (found.some(({ action }) => action === 'deny')) return 'denied'
  if (found.some(({ action }) => action === 'warn')) return 'warned'
  return unchecked.length > 0 ? 'unchecked' : 'passed'
}

/** Rules that found something, each once an action. */
function distinct({ found }: Audited): readonly { readonly action: string; readonly rule: string }[] {
  const pairs = found.map(({ action, rule }) => ({ action, rule: rule.id }))
  return [...new Map(pairs.map(pair => [`${pair.action} ${pair.rule}`, pair])).values()]
}

function deniedObject(
  { kind, meta }: AnyObject,
  { ref, found }: Audited,
  { plan }: PolicySnapshot
): DeniedObject {
  const denying = found.filter(({ action }) => action === 'deny')
  const isPlatforms = !KINDS[kind].namespaced || ref.namespace === plan.metallb.namespace
  const audience: Audience = isPlatforms ? 'platform' : 'tenant'
  const lines = denying.map(({ rule, finding }) => `${findingWords(finding, audience)} [${rule.id}]`)
  return {
    ref,
    uid: meta.uid,
    rules: [...new Set(denying.map(({ rule }) => rule.id))],
    note: [...new Set(lines)].join('\n')
  }
}
