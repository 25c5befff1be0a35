import type { View } from '../inventory/view.ts'
import { subnetDomain, vlanDomain, type Domain } from '../kinds/claim.ts'
import type { Plan } from './plan.ts'
import { sharedVlans } from './shared-vlans.ts'

/**
 * The domains whose claims share one address space, so that an overlap between any two is a conflict: the plan's ranges,
 * MetalLB's pools, nodes, Services, pods, provider Subnets, and tenants' VLANs that are not apart (`sharedVlans`). A provider
 * Subnet has a vlan and is one that the plan gives to all tenants or to one, or that a Vpc is attached to (one with
 * enableExternal off attaches nothing); one the plan or a Vpc names before it exists counts too, as does the nameless one
 * of OvnEips that name none. O(Vpcs).
 */
export function sharedDomains(plan: Plan, view: View): readonly Domain[] {
  const subnets = [...providerSubnets(plan, view)].filter(name => view.get('Subnet', '', name)?.vlan !== '')
  const vlans = sharedVlans(plan).map(({ tenant }) => vlanDomain(tenant))
  const others = ['plan', 'metallb', 'nodes', 'services', 'pods', ...vlans, subnetDomain('')]
  return [...others, ...subnets.map(subnetDomain)]
}

/**
 * The names of the Subnets that are provider ones if they have a vlan. The default external Subnet needs no word of its own:
 * a plan names it among those all tenants share. O(Vpcs).
 */
export function providerSubnets(plan: Plan, view: View): ReadonlySet<string> {
  const names = new Set(plan.globalPool.externalSubnets)
  for (const tenant of plan.tenancy.tenants.values())
    for (const name of tenant.externalSubnets) names.add(name)
  for (const { enableExternal, extraExternalSubnets } of view.list('Vpc'))
    if (enableExternal) for (const name of extraExternalSubnets) names.add(name)
  return names
}
