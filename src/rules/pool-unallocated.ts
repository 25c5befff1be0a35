import { intersect, subtract, type AddressRange } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { PlanRange } from '../policy/plan.ts'
import { alternativesFor } from './alternative.ts'
import type { Finding } from './finding.ts'
import { vlanOfPool } from './node-subnets.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'
import { announcementOf, everyAdvertisement } from './pool-announcement.ts'
import { poolEntries } from './pool-entries.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** Pools keep to what the network team handed over. */
export const poolUnallocated = defineRule<'IPAddressPool'>({
  id: 'pool-unallocated',
  summary:
    "A pool lies in the plan's allocations when there are any ([] hands over nothing), however it is announced; a VLAN tenant's own pool also in that tenant's range.",
  why: 'What nobody handed over may be in use by machines that the cluster knows nothing of: the next lease or server gets the same address.',
  fix: "Use a range of the plan's allocations, or ask the network team for one. Addresses handed over for L2 that only BGP announces are a warning: nobody else has them, but the routers may not expect them.",
  example:
    'spec: {addresses: [192.168.1.251-192.168.1.254]} # with allocations: [{range: 192.168.1.100-192.168.1.250}]',
  see: [
    'https://metallb.io/concepts/#address-allocation',
    'https://github.com/metallb/metallb/issues/306',
    'https://github.com/metallb/metallb/issues/772'
  ],
  on: ['IPAddressPool'],
  reads: ['L2Advertisement', 'BGPAdvertisement'],
  defaultAction: 'deny',
  check({ object }, context) {
    const { allocations } = context.plan
    if (allocations === undefined) return []
    // In a tenant's own cluster its VLAN is what was handed over, unless the plan names parts of it.
    const own = context.plan.tenant === undefined ? vlanOfPool(context.plan, object)?.range : undefined
    const handedOver = own === undefined ? allocations : [...allocations, own]
    const index = rangeIndex(rangesOf(handedOver))
    const texts = handedOver.map(({ text }) => text)
    const forL2 = onlyForL2(object, own, context)
    const alternative = alternativesFor(object, context)
    return poolEntries(object).flatMap((entry): Finding[] => {
      const { range: written, field, text: value } = entry
      const outside = firstOutside(index, written).map(range => ({
        code: 'unallocated' as const,
        range,
        allocations: texts,
        restsOn: []
      }))
      const otherwise = intersect([written], forL2).map(range => ({
        code: 'allocated-to-l2' as const,
        range,
        atMost: 'warn' as const,
        restsOn: everyAdvertisement(object.meta.namespace)
      }))
      return [...outside, ...otherwise].map(found => ({ ...found, field, value, ...alternative(entry) }))
    })
  }
})

/**
 * What the plan hands over for L2 and not for BGP, while BGP alone announces the pool. Empty where the plan hands nothing
 * over for BGP: then it says nothing about announcements. Announced by L2 a pool has to be in the nodes' subnets, whatever
 * it was handed over for (pool-outside-node-subnet).
 */
function onlyForL2(
  pool: IPAddressPool,
  own: PlanRange | undefined,
  { plan: { allocations = [] }, view }: CheckContext
): readonly AddressRange[] {
  const forBGP = allocations.filter(({ announcement }) => announcement === 'bgp')
  if (forBGP.length === 0 || announcementOf(pool, view).by !== 'bgp') return []
  const fitting = own === undefined ? forBGP : [...forBGP, own]
  return subtract(rangesOf(allocations), rangesOf(fitting))
}

function rangesOf(ranges: readonly PlanRange[]): readonly AddressRange[] {
  return ranges.map(({ range }) => range)
}
