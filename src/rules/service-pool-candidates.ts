import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { anySelectorMatches } from '../kinds/label-selector.ts'
import { loadBalancerAsk, type LoadBalancerAsk, type Service } from '../kinds/service.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { Plan } from '../policy/plan.ts'

/** More addresses than MetalLB accepts (one of each family), so that a Service that lists thousands costs little. */
const MAX_ADDRESSES = 16

/** A pool that a Service may get its address from, what brings it there, and the objects that say so. */
export interface Candidate {
  readonly pool: string
  readonly via: 'named' | 'address' | 'any'
  readonly field: string
  readonly value: string
  readonly restsOn: readonly ObjectRef[]
}

/**
 * Every pool that MetalLB may serve this Service from; empty when it is no LoadBalancer of MetalLB's, and when no pool
 * has what it asks for. MetalLB takes the named pool, else the one with the requested address, else one of its own choice
 * from its own namespace. Of the requested addresses the first 16 are looked at: MetalLB gives a Service with more than
 * two none at all. O(pools) when nothing is named.
 */
export function poolCandidates(object: Service, plan: Plan, view: View): readonly Candidate[] {
  const ask = loadBalancerAsk(object, plan.metallb.loadBalancerClass)
  if (ask === undefined) return []
  if (ask.pool !== undefined) {
    const { name, field } = ask.pool
    return [{ pool: name, via: 'named', field, value: name, restsOn: [] }]
  }
  if (ask.addresses.length === 0) return freeChoice(object, plan, view)
  return ask.addresses.slice(0, MAX_ADDRESSES).flatMap(address => poolsWith(address, plan, view))
}

function poolsWith(
  { text, field }: LoadBalancerAsk['addresses'][number],
  plan: Plan,
  view: View
): Candidate[] {
  return poolsHolding(text, plan, view).map(pool => {
    return { pool: pool.name, via: 'address', field, value: text, restsOn: [pool] }
  })
}

/** The pools of MetalLB's that hold an address, each once; none for a text that is no address. O(log pools + hits). */
export function poolsHolding(text: string, plan: Plan, view: View): readonly ObjectRef[] {
  const parsed = parseRange(text, ADDRESS_FORMS)
  if (!parsed.ok) return []
  const holders = [...view.overlapping(['metallb'], parsed.range)].map(({ holder }) => holder)
  return uniqueRefs(holders).filter(({ namespace }) => namespace === plan.metallb.namespace)
}

function uniqueRefs(refs: readonly ObjectRef[]): readonly ObjectRef[] {
  return [...new Map(refs.map(ref => [refKey(ref), ref])).values()]
}

/** In the order of the pools' names, so that answers are stable. */
function freeChoice(object: Service, plan: Plan, view: View): Candidate[] {
  return [...view.list('IPAddressPool')]
    .filter(pool => pool.autoAssign && pool.meta.namespace === plan.metallb.namespace)
    .filter(pool => isOpenTo(pool, object, view))
    .toSorted((a, b) => (a.meta.name < b.meta.name ? -1 : 1))
    .map(pool => ({
      pool: pool.meta.name,
      via: 'any',
      field: `metadata.annotations[${plan.metallb.poolAnnotation}]`,
      value: '',
      restsOn: [refOf(pool)]
    }))
}

/**
 * Whether MetalLB's own choice may fall on the pool: it is pinned to nobody, or to this namespace or Service, and open to both
 * (MetalLB internal/allocator, pinnedPoolsForService and isPoolCompatibleWithService). namespaceSelectors that match no
 * namespace at all close nothing where serviceSelectors match. O(Namespaces) in that case alone.
 */
function isOpenTo({ serviceAllocation }: IPAddressPool, { meta }: Service, view: View): boolean {
  if (serviceAllocation === undefined) return true
  const { namespaces, namespaceSelectors, serviceSelectors } = serviceAllocation
  if (serviceSelectors.length > 0 && !anySelectorMatches(serviceSelectors, meta.labels)) return false
  const labels = view.get('Namespace', '', meta.namespace)?.meta.labels ?? new Map<string, string>()
  if (namespaces.includes(meta.namespace) || anySelectorMatches(namespaceSelectors, labels)) return true
  const isPinned = namespaces.length > 0 || namespaceSelectors.length > 0
  if (!isPinned || namespaces.length > 0 || serviceSelectors.length === 0) return !isPinned
  return ![...view.list('Namespace')].some(one => anySelectorMatches(namespaceSelectors, one.meta.labels))
}
