import { overlap, type AddressRange } from '../address/range.ts'
import { formatRange } from '../address/format.ts'
import type { View } from '../inventory/view.ts'
import type { Claim } from '../kinds/claim.ts'
import { claimsOf } from '../kinds/index.ts'
import type { Node } from '../kinds/node.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { Plan } from '../policy/plan.ts'
import { exposureFor, type ExposurePolicies } from '../policy/resolve-exposure.ts'
import type { BoundRule } from './evaluate.ts'
import type { Finding } from './finding.ts'
import type { AnyRule } from './rule.ts'

/** The rules about pools that are broken from the other side when a Node joins, by the domain of what the Node holds. */
const NODE_RULES: ReadonlyMap<string, string> = new Map([
  ['nodes', 'pool-node-address'],
  ['pods', 'pool-cluster-range']
])

/** What the policies make of those rules for the platform, whose Nodes are; without those that are switched off. */
export function nodeRuleActions(
  rules: readonly AnyRule[],
  exposures: ExposurePolicies
): ReadonlyMap<string, BoundRule['action']> {
  const { actions } = exposureFor(exposures, {
    tenancy: { kind: 'platform' },
    namespaceLabels: undefined,
    serviceClass: undefined
  })
  return new Map(
    rules
      .filter(({ id }) => [...NODE_RULES.values()].includes(id))
      .flatMap(({ id, defaultAction }) => {
        const action = actions.get(id) ?? defaultAction
        return action === 'off' ? [] : [[id, action] as const]
      })
  )
}

/** A Node that holds addresses of a pool, and the rule about pools that says why it should not. */
export interface NodeInPool {
  readonly rule: string
  readonly node: Node
  readonly pool: ObjectRef
  /** About the Node: the first of its fields that lies in the pool. */
  readonly finding: Extract<Finding, { code: 'node-in-pool' }>
}

/**
 * Every Node whose own addresses or pod ranges lie in a pool of MetalLB's namespace, each (rule, Node, pool) once, in the
 * order of the names. Nodes are never refused, so this is told after the fact. O(log pools + hits) for each range of a Node.
 */
export function* nodesInPools(view: View, plan: Plan): Generator<NodeInPool> {
  const nodes = [...view.list('Node')].toSorted((a, b) => compareNames(a.meta.name, b.meta.name))
  for (const node of nodes) yield* poolsAround(node, view, plan)
}

function poolsAround(node: Node, view: View, plan: Plan): readonly NodeInPool[] {
  const found = new Map<string, NodeInPool>()
  for (const held of claimsOf('Node', node)) {
    const rule = NODE_RULES.get(held.domain)
    if (rule === undefined) continue
    for (const { holder, range } of view.overlapping(['metallb'], held.range)) {
      const key = `${refKey(holder)} ${rule}`
      const shared = overlap(held.range, range)
      if (holder.namespace !== plan.metallb.namespace || found.has(key) || shared === undefined) continue
      found.set(key, { rule, node, pool: holder, finding: findingOf(held, holder, shared) })
    }
  }
  // a stable sort: of one pool, what is told of the node's own address comes first
  return [...found.values()].toSorted((a, b) => compareNames(a.pool.name, b.pool.name))
}

function findingOf(held: Claim, pool: ObjectRef, range: AddressRange): NodeInPool['finding'] {
  return {
    code: 'node-in-pool',
    field: held.field,
    value: formatRange(held.range),
    holds: held.domain === 'nodes' ? 'address' : 'pod-range',
    pool,
    range,
    restsOn: [pool]
  }
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
