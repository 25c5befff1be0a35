import { formatRange } from '../address/format.ts'
import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import { SUBNET_KINDS } from '../kinds/index.ts'
import { grantedPools } from '../policy/grants.ts'
import { tenancyRestsOn } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { foreignAddresses } from './foreign-addresses.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'
import { defineRule, type CheckContext, type Subject } from './rule.ts'
import { serviceClassOf } from './service-class.ts'
import { hasExternalIPs, serviceLimits } from './service-limits.ts'

/** A Service names external IPs that the policies allow, and a tenant none that somebody else has. */
export const serviceExternalIPs = defineRule<'Service'>({
  id: 'service-external-ips',
  summary:
    "A Service's externalIPs lie where the policies allow (services.externalIPs); whatever they say, a tenant names no address that somebody else has: a pool, a Node, another owner's Service, a range of Services or pods, a provider Subnet, a VLAN, or what the plan reserves.",
  why: 'Every node takes traffic for an external IP to the Service that names it, so that whoever can write a Service can take over any address for all Pods of the cluster (CVE-2020-8554).',
  fix: 'Take externalIPs out and use a LoadBalancer. For tenants, allow none: services.externalIPs: {allowedRanges: []}.',
  background: [
    "An address that MetalLB gave to one of the tenant's own Services, from a pool that it is granted, is the tenant's to name.",
    'Where a policy allows a range that the NetworkPlan reserves (reservedRanges), it counts as set aside for external IPs. All else that others have stays refused.'
  ],
  example: 'spec: {externalIPs: [192.168.1.105]} # which Service beta-web/shop holds',
  see: [
    'https://github.com/kubernetes/kubernetes/issues/97076',
    'https://kubernetes.io/docs/concepts/services-networking/service/#external-ips',
    'https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/proxy/serviceport.go (newBaseServiceInfo)'
  ],
  on: ['Service'],
  reads: [
    ...SUBNET_KINDS,
    'Vpc',
    'IPAddressPool',
    'Node',
    'Service',
    'ServiceCIDR',
    'Namespace',
    'Tenant',
    'TenantControlPlane'
  ],
  defaultAction: 'deny',
  check(subject, context) {
    const { object } = subject
    const { tenancy } = context
    if (!hasExternalIPs(object)) return []
    if (tenancy.kind === 'unknown')
      return [{ code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }]
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const { externalIPs: allowed } = said.limits
    if (tenancy.kind === 'platform' && allowed === undefined) return []
    const takenBy = tenancy.kind === 'platform' ? undefined : taken(subject, context, allowed)
    const outside = allowed === undefined ? undefined : notAllowed(allowed)
    const owner = tenancyRestsOn(context.view, object.meta.namespace)
    return object.externalIPs.flatMap((value, i): Finding[] => {
      const at = { field: `spec.externalIPs[${i}]`, value, restsOn: owner, serviceType: object.type }
      const parsed = parseRange(value, ADDRESS_FORMS)
      if (!parsed.ok) return [{ ...at, code: 'external-ip-unparsable', problem: parsed.problem }]
      const elsewhere = outside?.(parsed.range)
      if (elsewhere !== undefined)
        return [{ ...at, code: 'external-ip-not-allowed', allowed: elsewhere, restsOn: said.restsOn }]
      const foreign = takenBy?.(parsed.range)
      if (foreign === undefined) return []
      return [{ ...at, code: 'external-ip-taken', ...foreign, restsOn: [...owner, ...foreign.restsOn] }]
    })
  }
})

/** Where external IPs may lie, for an address that does not. */
function notAllowed(
  allowed: readonly AddressRange[]
): (address: AddressRange) => readonly string[] | undefined {
  const index = rangeIndex(allowed)
  const texts = allowed.map(formatRange)
  return address => (firstOutside(index, address).length > 0 ? texts : undefined)
}

function taken(
  { object, oldObject }: Subject<'Service'>,
  context: CheckContext,
  allowed: readonly AddressRange[] | undefined
) {
  const { requester, view } = context
  const pools = grantedPools(context, serviceClassOf(object, { requester, view, oldService: oldObject }))
  // Those that are not allowed are refused before this is asked.
  return foreignAddresses(object, context, { pools, isAllowed: allowed !== undefined })
}
