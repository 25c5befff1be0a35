import { loadBalancerAsk } from '../kinds/service.ts'
import { grantedPools } from '../policy/grants.ts'
import { tenancyRestsOn } from '../policy/tenancy.ts'
import { serviceClassOf } from './service-class.ts'
import { poolCandidates } from './service-pool-candidates.ts'
import { defineRule } from './rule.ts'

/** A tenant's Service can get its address from pools that are granted to the tenant, and from no other. */
export const servicePoolNotGranted = defineRule<'Service'>({
  id: 'service-pool-not-granted',
  summary: "Every pool that MetalLB may serve a tenant's LoadBalancer Service from is granted to the tenant.",
  why: "MetalLB lets any namespace name any pool or address, under two annotation prefixes and one field, and takes any open pool when none is named: a tenant would live on the platform's or another tenant's addresses.",
  fix: 'Take the pool and address annotations out, so that the default pool is filled in, or name a granted pool.',
  example: 'metadata: {namespace: acme-web, annotations: {metallb.io/address-pool: platform-pool}}',
  see: [
    'https://metallb.io/usage/#requesting-specific-ips',
    'https://github.com/metallb/metallb/blob/v0.15.2/controller/service.go',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go'
  ],
  on: ['Service'],
  reads: ['IPAddressPool', 'Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check({ object, oldObject }, context) {
    const { view, plan, requester, tenancy } = context
    if (loadBalancerAsk(object, plan.metallb.loadBalancerClass) === undefined) return []
    if (tenancy.kind === 'unknown')
      return [{ code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }]
    const owner = tenancyRestsOn(view, object.meta.namespace)
    const granted = grantedPools(context, serviceClassOf(object, { requester, view, oldService: oldObject }))
    if (granted === 'all') return []
    return poolCandidates(object, plan, view)
      .filter(({ pool }) => !granted.includes(pool))
      .map(candidate => ({
        ...candidate,
        code: 'pool-not-granted',
        tenant: tenancy.kind === 'tenant' ? tenancy.name : '',
        granted,
        restsOn: [...owner, ...candidate.restsOn]
      }))
  }
})
