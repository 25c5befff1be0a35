import { fieldOf, type PathPart } from './document-error.ts'
import type { NetworkPlanSpec } from './network-plan.ts'
import type { Problem } from './problem.ts'
import type { TenantSpec } from './tenancy-schema.ts'

const TENANTS: readonly PathPart[] = ['spec', 'tenancy', 'tenants']

/** What is wrong among `spec.tenancy.tenants`: contradictions within one entry, and things two entries both have. */
export function tenantProblems(spec: NetworkPlanSpec): readonly Problem[] {
  const { tenants } = spec.tenancy
  return [
    ...tenants.flatMap((tenant, i) => modeProblems(tenant, i, spec)),
    ...uniqueProblems(tenants.flatMap(nameOf), []),
    ...uniqueProblems(tenants.flatMap(poolOf), sharedPools(spec)),
    ...uniqueProblems(tenants.flatMap(subnetsOf), spec.globalPool.externalSubnets ?? [])
  ]
}

function modeProblems(tenant: TenantSpec, i: number, spec: NetworkPlanSpec): Problem[] {
  const isVlan = (tenant.networkingMode ?? spec.networkingMode) === 'vlan'
  if (tenant.vlan && !isVlan) {
    const message = 'the tenant is in overlay mode'
    return [{ path: [...TENANTS, i, 'vlan'], at: 'key', message, hint: 'add networkingMode: vlan' }]
  }
  if (!isVlan || tenant.externalSubnets.length === 0) return []
  const message = 'a tenant in vlan mode takes no address from OVN'
  return [{ path: [...TENANTS, i, 'externalSubnets'], at: 'key', message, hint: 'take it out' }]
}

interface Named {
  readonly name: string
  readonly path: readonly PathPart[]
}

function nameOf({ name }: TenantSpec, i: number): Named[] {
  return [{ name, path: [...TENANTS, i, 'name'] }]
}

function poolOf({ vlan }: TenantSpec, i: number): Named[] {
  if (vlan?.exposure !== 'ccmProxy') return []
  return [{ name: vlan.ipAddressPool, path: [...TENANTS, i, 'vlan', 'ipAddressPool'] }]
}

function subnetsOf({ externalSubnets }: TenantSpec, i: number): Named[] {
  return externalSubnets.map((name, k) => ({ name, path: [...TENANTS, i, 'externalSubnets', k] }))
}

function sharedPools({ globalPool: { ipAddressPool, ipAddressPoolByClass } }: NetworkPlanSpec): string[] {
  return [ipAddressPool, ...Object.values(ipAddressPoolByClass)].filter(pool => pool !== undefined)
}

/** What one tenant has, no other has, and not all of them share. */
function uniqueProblems(named: readonly Named[], shared: readonly string[]): Problem[] {
  const owners = new Map<string, string>(shared.map(name => [name, 'spec.globalPool']))
  return named.flatMap(({ name, path }): Problem[] => {
    const earlier = owners.get(name)
    if (earlier === undefined) owners.set(name, fieldOf(path))
    return earlier === undefined ? [] : [{ path, at: 'value', message: `is already in ${earlier}`, hint: '' }]
  })
}
