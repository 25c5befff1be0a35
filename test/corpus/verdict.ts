import { judge } from '../../src/admission/judge.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { denialCauses, warningsOf } from '../../src/admission/response.ts'
import { parseReview } from '../../src/admission/review.ts'
import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { kindOf } from '../../src/kinds/index.ts'

/** The rules that say what MetalLB says: the others know what MetalLB does not. */
export const METALLB_RULES: readonly string[] = [
  'pool-syntax',
  'pool-overlap',
  'pool-wrong-namespace',
  'advertisement-syntax',
  'advertisement-selects-nothing',
  'advertisement-wrong-namespace',
  'advertisement-in-use'
]

/** MetalLB's own modes of checking: for any other value of METALLB_BGP_TYPE it checks nothing that depends on it. */
export type BGPType = 'native' | 'frr' | 'frr-k8s' | 'frr-k8s-external'

/** One write, and all that is stored when it comes. */
export interface Write {
  readonly op: 'CREATE' | 'UPDATE' | 'DELETE'
  /** The new object; of a DELETE the one that goes. */
  readonly object: unknown
  /** The stored object of an UPDATE; the existing one of that kind and name when absent. */
  readonly oldObject?: unknown
  readonly existing: readonly unknown[]
}

/** What poolguard answers; `denied` and `warned` are the sentences, each with the id of its rule. */
export interface Verdict {
  readonly allowed: boolean
  readonly denied: readonly string[]
  readonly warned: readonly string[]
}

/** Judges one write by METALLB_RULES, with MetalLB in the namespace metallb-system. */
export async function verdictOf(write: Write, bgpType: BGPType): Promise<Verdict> {
  const stored = rawObject(storedOf(write))
  const body = admissionReview({
    uid: 'corpus',
    operation: write.op,
    subResource: '',
    dryRun: false,
    user: { username: 'admin', groups: ['system:masters'] },
    object: write.op === 'DELETE' ? undefined : rawObject(write.object),
    oldObject: stored
  })
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(parsed.reason)
  const view = inventoryOf(write.existing)
  const snapshot = snapshotFor(bgpType)
  const judgement = await judge(parsed.review, {
    snapshot: () => snapshot,
    view,
    confirm: async () => [],
    now: () => 0
  })
  const denied = denialCauses(judgement).map(({ message }) => message)
  return { allowed: denied.length === 0, denied, warned: warningsOf(judgement) }
}

const snapshots = new Map<BGPType, PolicySnapshot>()

function snapshotFor(bgpType: BGPType): PolicySnapshot {
  const known = snapshots.get(bgpType)
  if (known !== undefined) return known
  const plan = {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'NetworkPlan',
    metadata: { name: 'corpus' },
    spec: { metallb: { namespace: 'metallb-system', bgpType } }
  }
  const all = snapshotOf([{ path: 'plan.yaml', text: JSON.stringify(plan) }])
  const snapshot = { ...all, rules: all.rules.filter(({ id }) => METALLB_RULES.includes(id)) }
  snapshots.set(bgpType, snapshot)
  return snapshot
}

function inventoryOf(existing: readonly unknown[]): Inventory {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const json of existing) {
    const object = rawObject(json)
    const kind = object === undefined ? undefined : kindOf(object.group, object.ref.kind)
    if (kind !== undefined) inventory.putJson(kind, json)
  }
  return inventory
}

function storedOf({ op, object, oldObject, existing }: Write): unknown {
  if (op === 'CREATE') return undefined
  const written = rawObject(object)?.ref
  const known = existing.find(json => {
    const ref = isRecord(json) ? rawObject(json)?.ref : undefined
    return ref !== undefined && ref.kind === written?.kind && ref.name === written.name
  })
  return oldObject ?? known ?? (op === 'DELETE' ? object : undefined)
}
