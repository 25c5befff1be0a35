import { isServed, type Service } from '../kinds/service.ts'
import type { Quota } from '../policy/exposure.ts'
import { ownerInNamespace } from '../policy/tenancy.ts'
import { countedServices, countsTowards, serviceReads } from './counted-services.ts'
import { judgeQuota } from './quota.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** A tenant has no more LoadBalancer Services than its quota. */
export const serviceQuota = defineRule<'Service'>({
  id: 'service-quota',
  summary: 'A tenant has at most as many LoadBalancer Services of MetalLB as its quota says.',
  why: 'Each takes an address that all tenants share: without a limit one tenant, or a controller in a loop, takes them all, and the others wait.',
  fix: 'Delete a LoadBalancer Service that is not needed, put several behind one, or raise services.quota.loadBalancers in the ExposurePolicy.',
  example: 'spec: {type: LoadBalancer} # the sixth, with services.quota.loadBalancers 5',
  see: [
    'https://metallb.io/usage/',
    'https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-on-object-count'
  ],
  on: ['Service'],
  reads: ['Service', 'Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  countsTogether: true,
  check({ as, object, oldObject }, context) {
    const { view, plan, tenancy, exposure } = context
    // What counted before is not asked about, and nothing else that is stored excuses one more.
    if (as === 'stored' || !isServed(object, plan.metallb.loadBalancerClass)) return []
    const quota = exposure.services.loadBalancers
    // Whoever's it is, nobody has one.
    if (quota === undefined && exposure.forAll) return []
    if (tenancy.kind === 'unknown')
      return [{ code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }]
    if (tenancy.kind !== 'tenant' || quota === undefined) return []
    const tenant = tenancy.name
    if (oldObject !== undefined && countedBefore(oldObject, tenant, quota, context)) return []
    const others = othersOf(object, tenant, quota, context)
    return judgeQuota({
      quota,
      of: 'Service',
      tenant,
      used: others.length,
      field: 'spec.type',
      value: object.type,
      reads: () => serviceReads({ tenant, quota, services: [object, ...others] }, plan, view)
    })
  }
})

/** Whether what is stored counts towards the same tenant's quota already. */
function countedBefore(
  service: Service,
  tenant: string,
  quota: Quota,
  { view, plan, requester }: CheckContext
): boolean {
  if (!isServed(service, plan.metallb.loadBalancerClass)) return false
  const { namespace, labels } = service.meta
  const owner = ownerInNamespace(plan, view, { requester, labels, namespace })
  if (owner.kind !== 'tenant' || owner.name !== tenant) return false
  const namespaceLabels = view.get('Namespace', '', namespace)?.meta.labels ?? new Map<string, string>()
  return countsTowards(quota, { service, labels: namespaceLabels }, view)
}

/** The others that count. O(Services). */
function othersOf(
  { meta }: Service,
  tenant: string,
  quota: Quota,
  { view, plan }: CheckContext
): readonly Service[] {
  const others: Service[] = []
  for (const one of countedServices(plan, view)) {
    const { name, namespace } = one.service.meta
    const isSelf = name === meta.name && namespace === meta.namespace
    if (one.tenant === tenant && !isSelf && countsTowards(quota, one, view)) others.push(one.service)
  }
  return others
}
