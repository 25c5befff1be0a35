import type { Plan, PlanRange } from './plan.ts'

/** The range of a tenant's VLAN that lies in the shared address space. */
export interface SharedVlan {
  readonly tenant: string
  readonly range: PlanRange
}

/**
 * The VLAN ranges that share the address space of pools and provider Subnets: of `ccmProxy` tenants, whose addresses the
 * under cluster gives out, and of others that are routed. All other VLANs are address domains of their own. In a tenant's
 * own cluster its own range is the space itself and not among these.
 */
export function sharedVlans(plan: Plan): readonly SharedVlan[] {
  return [...plan.tenancy.tenants.values()].flatMap(({ name, vlan }) => {
    if (vlan?.range === undefined || name === plan.tenant) return []
    return vlan.exposure === 'ccmProxy' || vlan.routed ? [{ tenant: name, range: vlan.range }] : []
  })
}

/** The range of the VLAN of the tenant whose cluster this is; undefined in the under cluster, and where it has none. */
export function ownVlan(plan: Plan): PlanRange | undefined {
  return plan.tenant === undefined ? undefined : plan.tenancy.tenants.get(plan.tenant)?.vlan?.range
}
