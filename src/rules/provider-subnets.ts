import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { tenantOfSubnet } from '../policy/grants.ts'
import type { Plan } from '../policy/plan.ts'
import type { Requester, Tenancy } from '../policy/tenancy.ts'
import type { View } from '../inventory/view.ts'
import type { Doubt, Unjudged } from './finding.ts'

/** The Subnet an OvnEip takes its address from; undefined when it names none and the plan states no default. */
export function effectiveSubnet(eip: OvnEip, plan: Plan): string | undefined {
  return eip.externalSubnet === '' ? plan.globalPool.defaultExternalSubnet : eip.externalSubnet
}

/** What a rule answers when an OvnEip names no Subnet and the plan states no default. */
export const NO_DEFAULT_SUBNET: Unjudged = {
  code: 'unjudged',
  because: 'plan-silent',
  planField: 'spec.globalPool.defaultExternalSubnet'
}

/**
 * Whether this provider Subnet is one that not all tenants share. A plan that does not list the shared ones restricts
 * nothing but the Subnets it gives to single tenants.
 */
export function isDedicated(subnet: string, plan: Plan): boolean {
  const shared = plan.globalPool.externalSubnets
  return shared === undefined ? tenantOfSubnet(plan, subnet) !== undefined : !shared.includes(subnet)
}

/** The provider Subnets that are this tenant's alone; empty for all but tenants. */
export function ownSubnets(plan: Plan, tenancy: Tenancy): readonly string[] {
  return tenancy.kind === 'tenant' ? (plan.tenancy.tenants.get(tenancy.name)?.externalSubnets ?? []) : []
}

/** Who else has this provider Subnet for itself; undefined when nobody has, and for the platform, which acts for all. */
export function otherOwner(subnet: string, plan: Plan, tenancy: Tenancy): string | undefined {
  const owner = tenantOfSubnet(plan, subnet)
  if (tenancy.kind === 'platform' || (tenancy.kind === 'tenant' && tenancy.name === owner)) return undefined
  return owner
}

/** `atMost: 'warn'` for an owner that no mapping of the plan names, unless the plan says to deny those. */
export function leniency(plan: Plan, tenancy: Tenancy): { readonly atMost?: 'warn' } {
  return tenancy.kind === 'unmapped' && plan.tenancy.unmappedOvnEips === 'warn' ? { atMost: 'warn' } : {}
}

/** Kube-OVN's own writes complete objects that were admitted before: refusing one only makes it loop. */
export function isKubeOvn(requester: Requester): boolean {
  return requester.controller === 'kubeOvn'
}

export function subnetRef(name: string): ObjectRef {
  return { kind: 'Subnet', namespace: '', name }
}

/** A doubt about those of these Subnets that are not there: a watch that lags has not told of them yet. At most one. */
export function doubtAbsent(names: readonly string[], view: View): readonly Doubt[] {
  const absent = names.filter(name => view.known('Subnet') && view.get('Subnet', '', name) === undefined)
  return absent.length === 0 ? [] : [{ code: 'doubt', restsOn: absent.map(subnetRef) }]
}
