import type { View } from '../inventory/view.ts'
import { subnetDomain, vlanDomain, type Domain } from '../kinds/claim.ts'
import type { Vpc } from '../kinds/vpc.ts'
import type { Plan } from './plan.ts'
import { sharedVlans } from './shared-vlans.ts'

/**
 * The domains whose claims share one address space, so that an overlap between any two is a conflict: the plan's ranges,
 * MetalLB's pools, nodes, Services, pods, provider Subnets, tenants' VLANs that are not apart (`sharedVlans`), and the nameless
 * one of OvnEips that name no Subnet. O(Vpcs).
 */
export function sharedDomains(plan: Plan, view: View): readonly Domain[] {
  const subnets = withVlan(providerSubnets(plan, view), view)
  const vlans = sharedVlans(plan).map(({ tenant }) => vlanDomain(tenant))
  const others = ['plan', 'metallb', 'nodes', 'services', 'pods', ...vlans, subnetDomain('')]
  return [...others, ...subnets.map(subnetDomain)]
}

/** The Subnets among these that have a vlan, or do not exist yet. */
export function withVlan(names: Iterable<string>, view: View): readonly string[] {
  return [...names].filter(name => view.get('Subnet', '', name)?.vlan !== '')
}

/**
 * The names of the Subnets that are provider ones if they have a vlan: those that the plan gives to all tenants or to one, and
 * those that one of these Vpcs (all that there are) is attached to. Any other Subnet with a vlan is of that vlan's own address
 * space. O(Vpcs).
 */
export function providerSubnets(
  plan: Plan,
  view: View,
  vpcs: Iterable<Vpc> = view.list('Vpc')
): ReadonlySet<string> {
  const names = new Set(plan.globalPool.externalSubnets)
  for (const tenant of plan.tenancy.tenants.values())
    for (const name of tenant.externalSubnets) names.add(name)
  for (const vpc of vpcs) for (const name of attachedSubnets(vpc, plan)) names.add(name)
  return names
}

/** The Subnets that a Vpc is attached to by its spec: the default one when it names none; with enableExternal off none. */
export function attachedSubnets(
  { enableExternal, extraExternalSubnets }: Vpc,
  plan: Plan
): readonly string[] {
  if (!enableExternal) return []
  return extraExternalSubnets.length === 0 ? [defaultSubnet(plan)] : extraExternalSubnets
}

/** Kube-OVN's own default for --external-gateway-switch (pkg/controller/config.go). */
const KUBE_OVN_DEFAULT_SUBNET = 'external'

/** The provider Subnet a Vpc is attached to where it names none: the plan's default, else Kube-OVN's. */
export function defaultSubnet(plan: Plan): string {
  return plan.globalPool.defaultExternalSubnet ?? KUBE_OVN_DEFAULT_SUBNET
}
