import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import { loadBalancerAsk } from '../kinds/service.ts'
import { grantedPools } from '../policy/grants.ts'
import { tenancyRestsOn } from '../policy/tenancy.ts'
import { defineRule } from './rule.ts'
import { serviceClassOf } from './service-class.ts'
import { poolsHolding } from './service-pool-candidates.ts'

/** A tenant asks for addresses of its pools only: one that no pool holds today may be in somebody else's tomorrow. */
export const serviceAddressNotGranted = defineRule<'Service'>({
  id: 'service-address-not-granted',
  summary:
    "A tenant's LoadBalancer Service asks for addresses of pools that exist, as far as policies let tenants ask for any.",
  why: 'MetalLB keeps a Service that asks for an address of no pool waiting, and gives it that address as soon as some pool holds it, whoever that pool is for.',
  fix: 'Take the request out, or ask for an address of a granted pool.',
  example: 'metadata: {annotations: {metallb.io/loadBalancerIPs: 203.0.113.50}}',
  see: [
    'https://metallb.io/usage/#requesting-specific-ips',
    'https://github.com/metallb/metallb/blob/v0.15.2/controller/service.go (allocateIPs)'
  ],
  on: ['Service'],
  reads: ['IPAddressPool', 'Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check({ object, oldObject }, context) {
    const { view, plan, requester, tenancy } = context
    const ask = loadBalancerAsk(object, plan.metallb.loadBalancerClass)
    if (ask === undefined || ask.addresses.length === 0) return []
    if (tenancy.kind === 'unknown')
      return [{ code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }]
    const pools = grantedPools(context, serviceClassOf(object, { requester, view, oldService: oldObject }))
    const owner = tenancyRestsOn(view, object.meta.namespace)
    const everyPool = { kind: 'IPAddressPool', namespace: plan.metallb.namespace, name: '' }
    return ask.addresses
      .slice(0, MOST_JUDGED)
      .filter(({ text }) => parseRange(text, ADDRESS_FORMS).ok && poolsHolding(text, plan, view).length === 0)
      .map(({ text, field }) => ({
        code: 'in-no-pool' as const,
        field,
        value: text,
        granted: pools === 'all' ? [] : pools,
        restsOn: [everyPool, ...owner],
        // The platform may create the Service before the pool.
        ...(tenancy.kind === 'platform' ? { atMost: 'warn' as const } : {})
      }))
  }
})

/** MetalLB takes two at most; a Service may list thousands. */
const MOST_JUDGED = 16
