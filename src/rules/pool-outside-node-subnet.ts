import { subtract, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Plan } from '../policy/plan.ts'
import { alternativesFor } from './alternative.ts'
import { layer2Ranges, NO_NODE_SUBNETS, subnetTexts, vlanOfPool } from './node-subnets.ts'
import { announcementOf, everyAdvertisement, type Announcement } from './pool-announcement.ts'
import { poolEntries } from './pool-entries.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'
import { defineRule, type Subject } from './rule.ts'

/** What is announced by ARP or NDP lies in a subnet the nodes are in. A pool announced by BGP alone may lie anywhere. */
export const poolOutsideNodeSubnet = defineRule<'IPAddressPool'>({
  id: 'pool-outside-node-subnet',
  summary:
    "A pool lies in the nodes' subnets, unless it is announced by BGP alone or the plan hands it over for BGP.",
  why: 'By L2 a node answers ARP or NDP for the address; routers and hosts ask for it only in the subnet it belongs to, so an address of another subnet is assigned, shown as EXTERNAL-IP and never reached.',
  fix: "Use addresses of the nodes' subnets, or announce the pool by BGP and say so in the plan (allocations[].announcement: bgp).",
  example: 'spec: {addresses: [10.0.0.0/24]} # while the nodes are in 192.168.1.0/24',
  see: [
    'https://metallb.io/concepts/layer2/',
    'https://metallb.io/troubleshooting/',
    'https://github.com/metallb/metallb/pull/2780'
  ],
  on: ['IPAddressPool'],
  reads: ['L2Advertisement', 'BGPAdvertisement'],
  defaultAction: 'deny',
  check(subject, context) {
    const { object } = subject
    const { plan, view } = context
    const announcement = announcementOf(object, view)
    if (announcement.by === 'bgp' || announcement.by === 'unknown') return []
    const judged = poolEntries(object).map(entry => ({
      entry,
      parts: unexcused([entry.range], announcement, { plan, pool: object })
    }))
    if (judged.every(({ parts }) => parts.length === 0)) return []
    const allowed = layer2Ranges(plan, object)
    if (allowed === undefined || plan.nodeSubnets === undefined) return [NO_NODE_SUBNETS]
    const fine = rangeIndex([...allowed, ...storedAlready(subject, announcement, view)])
    const announcedBy = announcement.by === 'l2' ? announcement.advertisement : undefined
    const nodeSubnets = subnetTexts(plan.nodeSubnets)
    const restsOn = announcedBy === undefined ? everyAdvertisement(object.meta.namespace) : [announcedBy]
    const alternative = alternativesFor(object, context)
    // The first parts will do: the ratchet takes none away that `fine` leaves.
    return judged.flatMap(({ entry, parts }) =>
      parts
        .flatMap(part => firstOutside(fine, part))
        .map(range => ({
          code: 'outside-node-subnets' as const,
          field: entry.field,
          value: entry.text,
          range,
          announcedBy,
          nodeSubnets,
          restsOn,
          ...alternative(entry)
        }))
    )
  }
})

/**
 * What lies in no VLAN that the plan gives to this pool's tenant, and is not handed over for BGP, which counts only while no
 * advertisement says otherwise.
 */
function unexcused(
  ranges: readonly AddressRange[],
  { by }: Announcement,
  { plan, pool }: { readonly plan: Plan; readonly pool: IPAddressPool }
): readonly AddressRange[] {
  const vlan = vlanOfPool(plan, pool)?.range
  const forBGP = plan.allocations?.filter(({ announcement }) => announcement === 'bgp') ?? []
  const excused = [...(vlan ? [vlan] : []), ...(by === 'l2' ? [] : forBGP)]
  return subtract(
    ranges,
    excused.map(({ range }) => range)
  )
}

/**
 * What the stored pool held already while it was announced the same way or a worse one. The ratchet compares findings by
 * the advertisement they rest on, and a pool that violates may pass from one to another by a change of labels.
 */
function storedAlready(
  { as, oldObject }: Subject<'IPAddressPool'>,
  { by }: Announcement,
  view: View
): readonly AddressRange[] {
  if (oldObject === undefined || as === 'stored') return []
  const before = announcementOf(oldObject, view)
  return before.by === 'l2' || (before.by === 'nothing' && by === 'nothing') ? rangesOf(oldObject) : []
}

function rangesOf(pool: IPAddressPool): readonly AddressRange[] {
  return poolEntries(pool).map(({ range }) => range)
}
