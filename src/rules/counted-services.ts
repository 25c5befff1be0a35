import type { View } from '../inventory/view.ts'
import { selectorMatches } from '../kinds/label-selector.ts'
import { isServed, type Service } from '../kinds/service.ts'
import type { Quota } from '../policy/exposure.ts'
import type { Plan } from '../policy/plan.ts'
import { tenancyIn, tenancyRestsOn } from '../policy/tenancy.ts'
import type { QuotaReads } from './quota.ts'
import { isOfControlPlane, namedControlPlane } from './service-class.ts'

/** A tenant's Service that takes an address from MetalLB. */
export interface CountedService {
  readonly service: Service
  readonly tenant: string
  /** Of its Namespace. */
  readonly labels: ReadonlyMap<string, string>
}

/**
 * Every stored LoadBalancer Service of MetalLB's class that is some tenant's, those under deletion included: they hold their
 * address until they are gone. Whose one is says its namespace, and in the platform's namespaces the label that an account of
 * `serviceOwners` names the tenant by. O(Services).
 */
export function* countedServices(plan: Plan, view: View): Generator<CountedService> {
  const namespaces = new Map<string, NamespaceOwner>()
  for (const service of view.list('Service')) {
    if (!isServed(service, plan.metallb.loadBalancerClass)) continue
    const { namespace, labels } = service.meta
    const known = namespaces.get(namespace)
    const owner = known ?? ownerOf(namespace, plan, view)
    if (known === undefined) namespaces.set(namespace, owner)
    const tenant = owner.isPlatform ? labelledTenant(labels, plan) : owner.tenant
    if (tenant !== undefined) yield { service, tenant, labels: owner.labels }
  }
}

interface NamespaceOwner {
  readonly tenant: string | undefined
  readonly isPlatform: boolean
  readonly labels: ReadonlyMap<string, string>
}

function ownerOf(namespace: string, plan: Plan, view: View): NamespaceOwner {
  const tenancy = tenancyIn(plan, view, namespace)
  const labels = view.get('Namespace', '', namespace)?.meta.labels ?? new Map<string, string>()
  return {
    tenant: tenancy.kind === 'tenant' ? tenancy.name : undefined,
    isPlatform: tenancy.kind === 'platform',
    labels
  }
}

/** Who wrote a Service is not stored; in the platform's namespaces nobody but its own accounts writes labels. */
function labelledTenant(labels: ReadonlyMap<string, string>, { tenancy }: Plan): string | undefined {
  for (const { owner } of tenancy.serviceOwners) {
    const tenant = 'tenantFromLabel' in owner ? (labels.get(owner.tenantFromLabel) ?? '') : ''
    if (tenant !== '') return tenant
  }
  return undefined
}

/**
 * Whether a Service is one of those the quota is about. Of what is stored only a control plane's Service proves its class:
 * a quota of mirrored or of direct ones counts both, since any tenant can write the label of a mirrored one.
 */
export function countsTowards(
  { namespaceSelector, serviceClasses }: Quota,
  { service, labels }: Pick<CountedService, 'service' | 'labels'>,
  view: View
): boolean {
  if (namespaceSelector !== undefined && !selectorMatches(namespaceSelector, labels)) return false
  if (serviceClasses === undefined) return true
  if (isOfControlPlane(service, view)) return serviceClasses.has('controlPlane')
  return serviceClasses.has('direct') || serviceClasses.has('mirrored')
}

/** As many lists as a live read has open at once; who has more namespaces costs one list of all Services. */
const MOST_LISTED = 8

/** Namespaces whose owners are read live before a denial; with their Tenants they leave room for other rules' (admission/judge.ts). */
const MOST_OWNED = 8

/**
 * One list for each of the tenant's namespaces that the quota is about, or one of all Services where those are many, or where
 * tenants' Services may be in the platform's namespaces too. `services` are those that count, and the one that is written.
 * O(namespaces + Services).
 */
export function serviceReads(
  {
    tenant,
    quota,
    services
  }: { readonly tenant: string; readonly quota: Quota; readonly services: readonly Service[] },
  plan: Plan,
  view: View
): QuotaReads {
  const namespaces = namespacesOf(tenant, quota, plan, view)
  const isFew = namespaces.length <= MOST_LISTED && plan.tenancy.serviceOwners.length === 0
  const owned = [...new Set(services.map(({ meta }) => meta.namespace))].slice(0, MOST_OWNED)
  const classes =
    quota.serviceClasses === undefined
      ? []
      : services.slice(0, MOST_OWNED).flatMap(one => namedControlPlane(one) ?? [])
  return {
    lists: (isFew ? namespaces : ['']).map(namespace => ({ kind: 'Service', namespace, name: '' })),
    owners: [...owned.flatMap(namespace => tenancyRestsOn(view, namespace)), ...classes]
  }
}

/** One more than `MOST_LISTED` at most. */
function namespacesOf(
  tenant: string,
  { namespaceSelector }: Quota,
  plan: Plan,
  view: View
): readonly string[] {
  const names: string[] = []
  for (const { meta } of view.list('Namespace')) {
    if (names.length > MOST_LISTED) break
    const tenancy = tenancyIn(plan, view, meta.name)
    const isTheirs = tenancy.kind === 'tenant' && tenancy.name === tenant
    if (isTheirs && (namespaceSelector === undefined || selectorMatches(namespaceSelector, meta.labels)))
      names.push(meta.name)
  }
  return names
}
