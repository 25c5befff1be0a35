import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import { loadBalancerAsk } from '../kinds/service.ts'
import { grantedPools } from '../policy/grants.ts'
import { tenancyRestsOn } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { defineRule } from './rule.ts'
import { serviceClassOf } from './service-class.ts'
import { serviceLimits } from './service-limits.ts'
import { poolsHolding } from './service-pool-candidates.ts'

/** Addresses are asked for as far as policies let anybody ask, and by tenants of their own pools only. */
export const serviceAddressNotGranted = defineRule<'Service'>({
  id: 'service-address-not-granted',
  summary:
    "A LoadBalancer Service asks for an address only where policies let it (services.addressRequests), and a tenant's for one of a pool that exists.",
  why: 'MetalLB keeps a Service that asks for an address of no pool waiting, and gives it that address as soon as some pool holds it, whoever that pool is for.',
  fix: 'Take the request out of spec.loadBalancerIP and of the annotations, or ask for an address of a granted pool.',
  background: [
    'addressRequests: denied refuses every request, whatever load balancer it is meant for. withinGrants refuses an address that no granted pool holds, also where the Service names a granted pool beside it, and for the platform where the policy is about it. Absent, a tenant may ask for addresses of its pools.'
  ],
  example: 'metadata: {annotations: {metallb.io/loadBalancerIPs: 203.0.113.50}}',
  see: [
    'https://metallb.io/usage/#requesting-specific-ips',
    'https://github.com/metallb/metallb/blob/v0.15.2/controller/service.go (allocateIPs)'
  ],
  on: ['Service'],
  reads: ['IPAddressPool', 'Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check(subject, context) {
    const { object, oldObject } = subject
    const { view, plan, requester, tenancy } = context
    // Whatever load balancer it is meant for: the address is one of this network.
    const ask = loadBalancerAsk(object, object.loadBalancerClass ?? '')
    if (ask === undefined || ask.addresses.length === 0) return []
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const { addressRequests } = said.limits
    const requests = ask.addresses.slice(0, MOST_JUDGED)
    if (addressRequests === 'denied') {
      const { restsOn } = said
      return requests.map(({ text, field }) => {
        return { code: 'address-request-denied', field, value: text, restsOn }
      })
    }
    const isMetalLBs = (object.loadBalancerClass ?? '') === plan.metallb.loadBalancerClass
    if (!isMetalLBs && addressRequests === undefined) return []
    if (tenancy.kind === 'unknown')
      return [{ code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }]
    const pools = grantedPools(context, serviceClassOf(object, { requester, view, oldService: oldObject }))
    const granted = pools === 'all' ? [] : pools
    const owner = tenancyRestsOn(view, object.meta.namespace)
    // service-pool-not-granted speaks of a pool that MetalLB would take because of the address.
    const isTold = isMetalLBs && ask.pool === undefined
    return requests.flatMap(({ text, field }): Finding[] => {
      const at = { field, value: text, granted }
      const holding = poolsHolding(text, plan, view)
      if (holding.length > 0) {
        const isGranted = pools === 'all' || holding.some(({ name }) => pools.includes(name))
        if (isGranted || isTold || addressRequests === undefined) return []
        return [{ ...at, code: 'address-outside-grants', restsOn: [...holding, ...owner] }]
      }
      if (!parseRange(text, ADDRESS_FORMS).ok) return []
      const everyPool = { kind: 'IPAddressPool', namespace: plan.metallb.namespace, name: '' }
      // The platform may create the Service before the pool.
      const isLenient = tenancy.kind === 'platform' && addressRequests === undefined
      const restsOn = [everyPool, ...owner]
      return [{ ...at, code: 'in-no-pool', restsOn, ...(isLenient ? { atMost: 'warn' as const } : {}) }]
    })
  }
})

/** MetalLB takes two at most; a Service may list thousands. */
const MOST_JUDGED = 16
