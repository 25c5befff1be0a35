import type { Exposure } from './exposure.ts'
import type { Plan, ServiceClass } from './plan.ts'
import type { Tenancy } from './tenancy.ts'

/** What a tenancy may use; `all` for the platform, and where the plan does not say. Empty: none. */
export type Granted = 'all' | readonly string[]

/** Whom something is granted, and by what: the plan, and the policies that apply to the request. */
export interface Grantee {
  readonly plan: Plan
  readonly tenancy: Tenancy
  readonly exposure: Pick<Exposure, 'pools' | 'ovnEips'>
}

/**
 * The MetalLB pools a Service of this class may take addresses from, the default one first: those that policies grant, or
 * where none says, the plan's own; and a VLAN tenant's pool in any case. A plan that names no pool does not restrict tenants,
 * nor does one of a tenant's own cluster, where all pools are the tenant's.
 */
export function grantedPools({ plan, tenancy, exposure }: Grantee, serviceClass: ServiceClass): Granted {
  if (tenancy.kind === 'platform') return 'all'
  if (tenancy.kind !== 'tenant') return []
  const { ipAddressPool, ipAddressPoolByClass } = plan.globalPool
  const own = vlanPool(plan, tenancy.name)
  const planned = [own, ipAddressPoolByClass.get(serviceClass), ipAddressPool].filter(
    pool => pool !== undefined
  )
  const { pools } = exposure
  if (pools !== undefined) {
    return [...new Set([...planned.filter(pool => pool === own || pools.includes(pool)), ...pools])]
  }
  const isSilent = planned.length === 0 && ipAddressPoolByClass.size === 0
  return isSilent || plan.tenant !== undefined ? 'all' : [...new Set(planned)]
}

/** The pool that a tenant's Service of this class gets when it names none; undefined for the platform and others. */
export function defaultPool(grantee: Grantee, serviceClass: ServiceClass): string | undefined {
  const { plan, tenancy } = grantee
  if (tenancy.kind !== 'tenant') return undefined
  const pool = vlanPool(plan, tenancy.name) ?? sharedPool(plan, serviceClass)
  const granted = grantedPools(grantee, serviceClass)
  return pool !== undefined && (granted === 'all' || granted.includes(pool)) ? pool : undefined
}

/** The pool that all tenants' Services of this class share by default; undefined when the plan states none. */
export function sharedPool({ globalPool }: Plan, serviceClass: ServiceClass): string | undefined {
  return globalPool.ipAddressPoolByClass.get(serviceClass) ?? globalPool.ipAddressPool
}

/** The pool of the under cluster that holds a VLAN tenant's addresses; undefined for all others. */
export function vlanPool(plan: Plan, tenant: string): string | undefined {
  const vlan = plan.tenancy.tenants.get(tenant)?.vlan
  return vlan?.exposure === 'ccmProxy' ? vlan.ipAddressPool : undefined
}

/**
 * The provider Subnets an OvnEip may take its address from: those that policies grant, or where none says, those that the
 * plan shares among all tenants; and while the pool model is perTenant the tenant's own in any case. A plan without
 * `globalPool.externalSubnets` does not restrict tenants.
 */
export function grantedSubnets({ plan, tenancy, exposure }: Grantee): Granted {
  if (tenancy.kind === 'platform') return 'all'
  if (tenancy.kind !== 'tenant') return []
  const shared = exposure.ovnEips.externalSubnets ?? plan.globalPool.externalSubnets
  if (shared === undefined) return 'all'
  return [...new Set([...shared, ...ownSubnets(plan, tenancy)])]
}

/**
 * The provider Subnets that an OvnEip without one can be meant for: the tenant's own while the pool model is perTenant, else
 * the plan's default, unless policies do not grant it. One is the one it gets; of several the tenant has to choose; empty
 * when there is none.
 */
export function defaultSubnets(grantee: Grantee): readonly string[] {
  const { plan, tenancy, exposure } = grantee
  const own = ownSubnets(plan, tenancy)
  const { defaultExternalSubnet } = plan.globalPool
  if (own.length > 0 || defaultExternalSubnet === undefined) return own
  const granted = tenancy.kind === 'tenant' ? exposure.ovnEips.externalSubnets : undefined
  return granted?.includes(defaultExternalSubnet) === false ? [] : [defaultExternalSubnet]
}

/** The provider Subnets that this tenant uses alone; empty for all but tenants, and while the pool model is global. */
export function ownSubnets(plan: Plan, tenancy: Tenancy): readonly string[] {
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
