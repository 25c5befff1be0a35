import { RangeIndex } from '../address/range-index.ts'
import { refOf } from '../kinds/index.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import { providerSubnets, withVlan } from '../policy/domains.ts'
import { sharedVlans } from '../policy/shared-vlans.ts'
import type { Foreign } from './foreign-addresses.ts'
import { attaching, reservedRanges, type ReservedReason } from './reserved-ranges.ts'
import type { CheckContext } from './rule.ts'

/**
 * The ranges that are somebody's though no single object holds their addresses: what the plan reserves, what subnets and the
 * protocol keep for themselves, all of a provider Subnet (its excludeIps are somebody's too), and other tenants' VLANs.
 * O(n log n) for the Subnets and the ranges of the plan.
 */
export function keptAddresses({ plan, view, tenancy }: CheckContext): RangeIndex<Foreign> {
  const index = new RangeIndex<Foreign>()
  const planRef = { kind: 'NetworkPlan', namespace: '', name: plan.name }
  for (const { range, reason, restsOn } of reservedRanges(plan, view)) {
    const isPlans = reason.by === 'plan'
    const use = isPlans ? 'reserved' : 'subnet-itself'
    index.insert(range, { use, other: restsOn[0] ?? planRef, note: noteOf(reason), restsOn })
  }
  const attachedTo = attaching(plan, view)
  for (const name of withVlan(providerSubnets(plan, view), view)) {
    const subnet = view.get('Subnet', '', name)
    if (subnet === undefined) continue
    const restsOn = [refOf(subnet), ...attachedTo(name)]
    for (const prefix of subnetPrefixes(subnet))
      index.insert(prefix, { use: 'provider', other: refOf(subnet), note: '', restsOn })
  }
  for (const { tenant, range } of sharedVlans(plan)) {
    if (tenancy.kind === 'tenant' && tenancy.name === tenant) continue
    index.insert(range.range, { use: 'vlan', other: planRef, note: range.text, restsOn: [] })
  }
  return index
}

function noteOf(reason: ReservedReason): string {
  switch (reason.by) {
    case 'plan':
    case 'vlan':
      return reason.text
    case 'network':
    case 'broadcast':
    case 'gateway':
      return `the ${reason.by} address of ${reason.subnet}`
    default:
      return `the ${reason.by} range`
  }
}
