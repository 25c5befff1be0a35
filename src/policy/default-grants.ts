import { appliesToClass, appliesToWhom } from './applies-to.ts'
import type { DocumentError } from './document-error.ts'
import type { ExposurePolicy } from './exposure-policy.ts'
import { ownSubnets, sharedPool, vlanPool } from './grants.ts'
import { networkingModeOf, SERVICE_CLASSES, type Plan, type ServiceClass } from './plan.ts'
import { documentError, type PolicySource } from './problem.ts'
import { namedTenants } from './resolve-exposure.ts'
import type { Tenancy } from './tenancy.ts'

/** A policy and where it stands. */
export interface PlacedPolicy {
  readonly policy: ExposurePolicy
  readonly source: PolicySource
}

/** What the plan has filled in for a tenant: a pool for Services of a class, or a provider Subnet for OvnEips. */
interface Default {
  /** '' stands for all tenants that nobody names. */
  readonly tenant: string
  readonly serviceClass: ServiceClass | undefined
  readonly name: string
}

/**
 * Policies that leave the plan's default pool or Subnet out of what they grant to a tenant it is filled in for, whose
 * Services and OvnEips would be given what they may not have. Nothing is filled in where nothing at all is granted, so that
 * an empty list is right. O(policies * tenants named).
 */
export function defaultGrantErrors(plan: Plan, placed: readonly PlacedPolicy[]): readonly DocumentError[] {
  const told = new Set<string>()
  const defaults = tenantsOf(plan, placed).flatMap(tenant => defaultsOf(plan, tenant))
  return defaults.flatMap(wanted =>
    leavingOut(wanted, placed).flatMap(({ source }) => {
      const error = leftOut(wanted, plan, source)
      const place = `${error.path}:${error.line}:${error.column} ${wanted.name}`
      return told.size < told.add(place).size ? [error] : []
    })
  )
}

function tenantsOf({ tenant, tenancy }: Plan, placed: readonly PlacedPolicy[]): readonly string[] {
  if (tenant !== undefined) return [tenant]
  const named = namedTenants(placed.map(({ policy }) => policy))
  return ['', ...[...new Set([...named, ...tenancy.tenants.keys()])].toSorted()]
}

function defaultsOf(plan: Plan, tenant: string): readonly Default[] {
  const isOwn = vlanPool(plan, tenant) !== undefined
  const pools = SERVICE_CLASSES.flatMap((serviceClass): Default[] => {
    const name = isOwn ? undefined : sharedPool(plan, serviceClass)
    return name === undefined ? [] : [{ tenant, serviceClass, name }]
  })
  const subnet = plan.globalPool.defaultExternalSubnet
  const isElsewhere =
    networkingModeOf(plan, tenant) === 'vlan' || ownSubnets(plan, { kind: 'tenant', name: tenant }).length > 0
  return subnet === undefined || isElsewhere
    ? pools
    : [...pools, { tenant, serviceClass: undefined, name: subnet }]
}

/** The policies that grant something to this tenant, all of them together without the default. */
function leavingOut(wanted: Default, placed: readonly PlacedPolicy[]): readonly PlacedPolicy[] {
  const { tenant, serviceClass, name } = wanted
  const tenancy: Tenancy = { kind: 'tenant', name: tenant }
  const granting = placed.filter(
    ({ policy: { appliesTo, ...policy } }) =>
      appliesToWhom(appliesTo, tenancy) &&
      appliesToClass(appliesTo, serviceClass) &&
      grantsOf(policy, wanted).length > 0
  )
  const fixed = granting.filter(({ policy }) => policy.appliesTo.namespaceSelector === undefined)
  // A selector may find a namespace that no other policy applies to.
  const together = fixed.length > 0 ? [fixed] : granting.map(one => [one])
  return together.filter(group => !group.some(({ policy }) => grantsOf(policy, wanted).includes(name))).flat()
}

function grantsOf(
  { pools, ovnEips }: Pick<ExposurePolicy, 'pools' | 'ovnEips'>,
  { serviceClass }: Default
): readonly string[] {
  return (serviceClass === undefined ? ovnEips?.externalSubnets : pools?.allowed) ?? []
}

function leftOut({ tenant, serviceClass, name }: Default, plan: Plan, source: PolicySource): DocumentError {
  const isSubnet = serviceClass === undefined
  const whose = tenant === '' ? 'tenants' : `tenant ${JSON.stringify(tenant)}`
  return documentError(source, {
    path: isSubnet ? ['spec', 'ovnEips', 'externalSubnets'] : ['spec', 'pools', 'allowed'],
    at: 'value',
    message: `leaves out ${JSON.stringify(name)}, which ${isSubnet ? 'OvnEips' : `${serviceClass} Services`} of ${whose} get by default`,
    hint: `add it, or change spec.globalPool of NetworkPlan ${plan.name}`
  })
}
