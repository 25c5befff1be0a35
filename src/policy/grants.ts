import type { Plan, ServiceClass } from './plan.ts'
import type { Tenancy } from './tenancy.ts'

/** What a tenancy may use; `all` for the platform, and where the plan does not say. Empty: none. */
export type Granted = 'all' | readonly string[]

/**
 * The MetalLB pools a Service of this class may take addresses from, the default one first. A plan that names no pool
 * does not restrict tenants.
 */
export function grantedPools(plan: Plan, tenancy: Tenancy, serviceClass: ServiceClass): Granted {
  if (tenancy.kind === 'platform') return 'all'
  if (tenancy.kind !== 'tenant') return []
  const { ipAddressPool, ipAddressPoolByClass } = plan.globalPool
  const own = vlanPool(plan, tenancy.name)
  const pools = [own, ipAddressPoolByClass.get(serviceClass), ipAddressPool].filter(
    pool => pool !== undefined
  )
  const isSilent = pools.length === 0 && ipAddressPoolByClass.size === 0
  return isSilent ? 'all' : [...new Set(pools)]
}

/** The pool that a tenant's Service of this class gets when it names none; undefined for the platform and others. */
export function defaultPool(plan: Plan, tenancy: Tenancy, serviceClass: ServiceClass): string | undefined {
  if (tenancy.kind !== 'tenant') return undefined
  const granted = grantedPools(plan, tenancy, serviceClass)
  return granted === 'all' ? undefined : granted[0]
}

/** The pool of the under cluster that holds a VLAN tenant's addresses; undefined for all others. */
function vlanPool(plan: Plan, tenant: string): string | undefined {
  const vlan = plan.tenancy.tenants.get(tenant)?.vlan
  return vlan?.exposure === 'ccmProxy' ? vlan.ipAddressPool : undefined
}

/**
 * The provider Subnets an OvnEip may take its address from: those all tenants share, and the tenant's own while the pool
 * model is perTenant. A plan without `globalPool.externalSubnets` does not restrict tenants.
 */
export function grantedSubnets(plan: Plan, tenancy: Tenancy): Granted {
  if (tenancy.kind === 'platform') return 'all'
  if (tenancy.kind !== 'tenant') return []
  const shared = plan.globalPool.externalSubnets
  if (shared === undefined) return 'all'
  return [...shared, ...ownSubnets(plan, tenancy)]
}

/**
 * The provider Subnets that an OvnEip without one can be meant for: the tenant's own while the pool model is perTenant, else
 * the plan's default. One is the one it gets; of several the tenant has to choose; empty when the plan states none.
 */
export function defaultSubnets(plan: Plan, tenancy: Tenancy): readonly string[] {
  const own = ownSubnets(plan, tenancy)
  const { defaultExternalSubnet } = plan.globalPool
  return own.length > 0 || defaultExternalSubnet === undefined ? own : [defaultExternalSubnet]
}

/** The provider Subnets that this tenant uses alone; empty for all but tenants, and while the pool model is global. */
function ownSubnets(plan: Plan, tenancy: Tenancy): readonly string[] {
  if (tenancy.kind !== 'tenant' || plan.poolModel !== 'perTenant') return []
  return plan.tenancy.tenants.get(tenancy.name)?.externalSubnets ?? []
}

/** The tenant whose own provider Subnet this is by the plan, whatever the pool model; undefined for all others. O(tenants). */
export function tenantOfSubnet(plan: Plan, subnet: string): string | undefined {
  for (const tenant of plan.tenancy.tenants.values()) {
    if (tenant.externalSubnets.includes(subnet)) return tenant.name
  }
  return undefined
}
