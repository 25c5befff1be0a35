import { contains } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Plan } from '../policy/plan.ts'
import { namedNamespaces, tenantPins } from './dedicated-tenant.ts'
import { vlanOfPool } from './node-subnets.ts'
import { poolEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'

/** While the plan's pool model is global, no pool is for one tenant alone, except a VLAN tenant's own. */
export const poolPerTenant = defineRule<'IPAddressPool'>({
  id: 'pool-per-tenant',
  summary: "No pool is dedicated to one tenant while the plan's poolModel is global.",
  why: 'The plan shares one pool among all tenants: a dedicated one splits the address space, goes by no grant in the plan, and is a preference only, as MetalLB gives other pools when it is full.',
  fix: 'Let the tenants share the global pool, or set poolModel: perTenant in the plan. A VLAN tenant gets its pool from tenants[].vlan.ipAddressPool, inside tenants[].vlan.range.',
  example: 'spec: {addresses: [192.168.1.210-192.168.1.220], serviceAllocation: {namespaces: [tenant-acme]}}',
  see: [
    'https://metallb.io/configuration/_advanced_ipaddresspool_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go'
  ],
  on: ['IPAddressPool'],
  reads: ['Namespace', 'Tenant'],
  defaultAction: 'deny',
  check({ object, oldObject }, context) {
    const { plan } = context
    const isOneTenants = plan.scope === 'tenantCluster'
    if (plan.poolModel !== 'global' || isOneTenants || object.serviceAllocation === undefined) return []
    const globalPool = plan.globalPool.ipAddressPool ?? ''
    const pins = tenantPins(object.serviceAllocation, context)
    // What was dedicated already counts too. One array for all: it may be as long as there are pins.
    const restsOn = namedNamespaces([object.serviceAllocation, oldObject?.serviceAllocation], context.view)
    return pins
      .filter(({ tenant }) => !isPlannedFor(tenant, object, plan))
      .map(pin => ({ code: 'dedicated-pool' as const, ...pin, restsOn, globalPool }))
  }
})

/** The pool that the plan names for a VLAN tenant, wholly inside the range it gives that tenant. */
function isPlannedFor(tenant: string, pool: IPAddressPool, plan: Plan): boolean {
  const vlan = vlanOfPool(plan, pool)
  const given = vlan?.tenant === tenant ? vlan.range : undefined
  return given !== undefined && poolEntries(pool).every(({ range }) => contains(given.range, range))
}
