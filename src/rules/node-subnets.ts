import { contains, type AddressRange } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { NodeSubnet, Plan, PlanRange } from '../policy/plan.ts'
import { ownVlan } from '../policy/shared-vlans.ts'
import type { Unjudged } from './finding.ts'

/** The answer of rules that need to know which subnets the nodes are in. */
export const NO_NODE_SUBNETS: Unjudged = {
  code: 'unjudged',
  because: 'plan-silent',
  planField: 'spec.nodeSubnets'
}

/** The texts of the subnets, as the plan writes them. */
export function subnetTexts(subnets: readonly NodeSubnet[]): readonly string[] {
  return subnets.map(({ text }) => text)
}

/**
 * Where addresses may lie that are announced by L2: the nodes' subnets and, for the pool that the plan names for a VLAN
 * tenant, the range it gives that tenant. undefined when the plan does not state the nodes' subnets.
 */
export function layer2Ranges(plan: Plan, pool: IPAddressPool): readonly AddressRange[] | undefined {
  if (plan.nodeSubnets === undefined) return undefined
  const tenant = vlanOfPool(plan, pool)
  const ranges = plan.nodeSubnets.map(({ range }) => range)
  return tenant?.range === undefined ? ranges : [...ranges, tenant.range.range]
}

/** A VLAN tenant and the range the plan gives it, if any. */
export interface VlanOwner {
  readonly tenant: string
  readonly range: PlanRange | undefined
}

/**
 * The VLAN tenant whose pool the plan says this is, as every pool in a tenant's own cluster is that tenant's; undefined for
 * all others.
 */
export function vlanOfPool(plan: Plan, { meta }: IPAddressPool): VlanOwner | undefined {
  if (meta.namespace !== plan.metallb.namespace) return undefined
  if (plan.tenant !== undefined) return { tenant: plan.tenant, range: ownVlan(plan) }
  for (const { name, vlan } of plan.tenancy.tenants.values()) {
    if (vlan?.exposure === 'ccmProxy' && vlan.ipAddressPool === meta.name)
      return { tenant: name, range: vlan.range }
  }
  return undefined
}

/** Whether the plan hands the whole range over for announcement by BGP. */
export function isAllocatedToBGP(plan: Plan, range: AddressRange): boolean {
  return plan.allocations?.some(a => a.announcement === 'bgp' && contains(a.range, range)) ?? false
}
