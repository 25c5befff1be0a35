import type { AddressRange } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { refKey, sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { ingressAddresses, loadBalancerAsk, type Service } from '../kinds/service.ts'
import { ownParts } from './own-parts.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'
import { poolAdmission, type PoolAdmission } from './pool-admission.ts'
import { poolEntries } from './pool-entries.ts'
import type { RuleContext } from './rule.ts'

/** Why a pool does not let a Service keep its addresses. */
type Refusal = 'addresses' | 'avoidBuggyIPs' | 'serviceAllocation' | 'named'

/** A Service that loses its addresses with a write, and what the write does to that end. */
export interface Displaced {
  readonly service: Service
  readonly because: 'deleted' | Exclude<Refusal, 'named'>
  readonly restsOn: readonly ObjectRef[]
}

type Context = Pick<RuleContext, 'view' | 'plan'>

/**
 * The live Services of a pool whose addresses MetalLB takes away when the pool becomes `after` (undefined: goes): those that
 * it serves, the pool lets keep their addresses now, and no pool does afterwards. In the order of their addresses.
 * O(entries + Services), times log.
 */
export function displacedServices(
  pool: IPAddressPool,
  after: IPAddressPool | undefined,
  context: Context
): readonly Displaced[] {
  const before = tenure(pool, context)
  const afterwards = after && tenure(after, context)
  const elsewhere = otherTenures(pool, context)
  return servicesIn(pool, context).flatMap(service => {
    if (before.refusal(service) !== undefined) return []
    const refusal = afterwards === undefined ? 'deleted' : afterwards.refusal(service)
    if (refusal === undefined || refusal === 'named') return []
    if (elsewhere(service).some(other => other.refusal(service) === undefined)) return []
    const restsOn = [before, afterwards].flatMap(one => one?.restsOn(service) ?? [])
    return [{ service, because: refusal, restsOn: [refOf(service), ...restsOn] }]
  })
}

/** The LoadBalancers of MetalLB's with an address in the pool, each once; those under deletion give theirs up anyway. */
function servicesIn(pool: IPAddressPool, { view, plan }: Context): readonly Service[] {
  const found = new Map<string, Service>()
  for (const range of ownParts(poolEntries(pool)).flatMap(({ parts }) => parts)) {
    for (const { holder } of view.overlapping(['ingress'], range)) {
      const service = view.get('Service', holder.namespace, holder.name)
      if (service !== undefined) found.set(refKey(holder), service)
    }
  }
  const { loadBalancerClass } = plan.metallb
  return [...found.values()].filter(
    service => !service.meta.deleting && loadBalancerAsk(service, loadBalancerClass) !== undefined
  )
}

/** How a pool decides whether a Service keeps its addresses. */
interface Tenure extends Pick<PoolAdmission, 'restsOn'> {
  refusal(service: Service): Refusal | undefined
}

/** As MetalLB does (internal/allocator, poolFor and Assign; controller/service.go, convergeBalancer). */
function tenure(pool: IPAddressPool, { view, plan }: Context): Tenure {
  const ranges = rangeIndex(poolEntries(pool).map(({ range }) => range))
  const admission = poolAdmission(pool, view)
  return {
    restsOn: service => admission.restsOn(service),
    refusal(service) {
      const addresses = ingressAddresses(service)
      if (addresses.some(address => firstOutside(ranges, address).length > 0)) return 'addresses'
      if (pool.avoidBuggyIPs && addresses.some(isBuggy)) return 'avoidBuggyIPs'
      if (!admission.admits(service)) return 'serviceAllocation'
      const named = loadBalancerAsk(service, plan.metallb.loadBalancerClass)?.pool?.name
      return named === undefined || named === pool.meta.name ? undefined : 'named'
    }
  }
}

/** IPv4 addresses that end in .0 or .255, which avoidBuggyIPs withdraws (ipConfusesBuggyFirmwares). */
function isBuggy({ family, first }: AddressRange): boolean {
  return family === 4 && [0n, 255n].includes(first & 255n)
}

/** The other pools with a Service's first address: none, as long as no two pools overlap. */
function otherTenures(pool: IPAddressPool, context: Context): (service: Service) => readonly Tenure[] {
  const { view, plan } = context
  const self = refOf(pool)
  const known = new Map<string, Tenure>()
  const tenureOf = (ref: ObjectRef) => {
    const other = view.get('IPAddressPool', ref.namespace, ref.name)
    if (other === undefined) return []
    const found = known.get(refKey(ref)) ?? tenure(other, context)
    known.set(refKey(ref), found)
    return [found]
  }
  return service =>
    ingressAddresses(service)
      .slice(0, 1)
      .flatMap(address => [...view.overlapping(['metallb'], address)])
      .map(({ holder }) => holder)
      .filter(holder => !sameRef(holder, self) && holder.namespace === plan.metallb.namespace)
      .flatMap(tenureOf)
}
