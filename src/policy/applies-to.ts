import { selectorMatches, type LabelSelector } from '../kinds/label-selector.ts'
import type { AppliesToSpec } from './exposure-schema.ts'
import type { ServiceClass } from './plan.ts'
import type { Tenancy } from './tenancy.ts'

/** What a policy applies to. All parts must hold. */
export interface AppliesTo {
  /** Tenants by name, and `*` for everybody but the platform; undefined: whoever, the platform included. */
  readonly tenants: ReadonlySet<string> | undefined
  readonly exceptTenants: ReadonlySet<string>
  /** In which namespaces; undefined: in all, and what is in none too. */
  readonly namespaceSelector: LabelSelector | undefined
  /** Which Services; undefined: all. It says nothing about other kinds. */
  readonly serviceClasses: ReadonlySet<ServiceClass> | undefined
}

/** An absent `appliesTo` is everything. An empty selector selects everything, as Kubernetes reads it, so it is none. */
export function appliesToOf(spec: AppliesToSpec | undefined): AppliesTo {
  const { tenants, exceptTenants = [], namespaceSelector: selector, serviceClasses } = spec ?? {}
  const isEmpty = selector?.matchLabels.size === 0 && selector.matchExpressions.length === 0
  return {
    tenants: tenants && new Set(tenants),
    exceptTenants: new Set(exceptTenants),
    namespaceSelector: isEmpty ? undefined : selector,
    serviceClasses: serviceClasses && new Set(serviceClasses)
  }
}

/** Whether a policy applies to everything there is. */
export function isUnlimited({
  tenants,
  exceptTenants,
  namespaceSelector,
  serviceClasses
}: AppliesTo): boolean {
  return (
    tenants === undefined &&
    exceptTenants.size === 0 &&
    namespaceSelector === undefined &&
    serviceClasses === undefined
  )
}

/**
 * Whether a policy applies to what is this tenancy's. Only a proven tenant goes by its name: whoever merely claims to be
 * one is neither named nor excepted by it, and everybody who is not the platform is one of `*`.
 */
export function appliesToWhom({ tenants, exceptTenants }: AppliesTo, tenancy: Tenancy): boolean {
  const name = tenancy.kind === 'tenant' ? tenancy.name : undefined
  if (name !== undefined && exceptTenants.has(name)) return false
  if (tenants === undefined || (name !== undefined && tenants.has(name))) return true
  return tenants.has('*') && tenancy.kind !== 'platform'
}

/** Whether a policy applies to a Service of this class; undefined: to what is no Service. */
export function appliesToClass(
  { serviceClasses }: AppliesTo,
  serviceClass: ServiceClass | undefined
): boolean {
  return serviceClass === undefined || serviceClasses === undefined || serviceClasses.has(serviceClass)
}

/**
 * Whether a policy applies to what is in a namespace with these labels; undefined: in none, or in one that is not known.
 * A policy with a selector does not apply there.
 */
export function appliesToNamespace(
  { namespaceSelector }: AppliesTo,
  labels: ReadonlyMap<string, string> | undefined
): boolean {
  if (namespaceSelector === undefined) return true
  return labels !== undefined && selectorMatches(namespaceSelector, labels)
}

/** How closely a policy is meant for this tenant: by name (2), by a selector (1), or like everybody (0). */
export function specificity({ tenants, namespaceSelector }: AppliesTo, tenant: string | undefined): number {
  if (tenant !== undefined && tenants?.has(tenant) === true) return 2
  return namespaceSelector === undefined ? 0 : 1
}
