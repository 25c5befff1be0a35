import { parseRange } from '../address/parse.ts'
import { formatRange } from '../address/format.ts'
import type { AddressRange, Family } from '../address/range.ts'
import type { Service } from '../kinds/service.ts'
import { sourceRangesOf, type SourceRange, type SourceRanges } from '../kinds/service-source-ranges.ts'
import type { Finding } from './finding.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'
import { defineRule } from './rule.ts'
import { serviceLimits } from './service-limits.ts'

/** A LoadBalancer Service says from where it may be reached, as far as policies want it to. */
export const serviceSourceRanges = defineRule<'Service'>({
  id: 'service-source-ranges',
  summary:
    'A LoadBalancer Service is open to source ranges that the policies allow, and states some for each of its families where they require it (services.loadBalancerSourceRanges).',
  why: 'Without source ranges a LoadBalancer is open to all that can reach its address. kube-proxy lets every source of a family in of which no range is stated, and reads the field alone.',
  fix: 'State spec.loadBalancerSourceRanges inside what the denial names, at least one of each family of the Service.',
  background: [
    'The annotation service.beta.kubernetes.io/load-balancer-source-ranges counts where the field is empty, as the API server reads it: its ranges must be allowed ones. It does not do where ranges are required, since kube-proxy does not obey it.'
  ],
  example:
    'spec: {type: LoadBalancer, loadBalancerSourceRanges: [0.0.0.0/0]} # where a policy allows 10.0.0.0/8',
  see: [
    'https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ (loadBalancerSourceRanges)',
    'https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/proxy/serviceport.go (newBaseServiceInfo)',
    'https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/apis/core/validation/validation.go (ValidateService)'
  ],
  on: ['Service'],
  reads: ['Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check(subject, context) {
    const { object } = subject
    if (object.type !== 'LoadBalancer') return []
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const { required, allowed } = said.limits.sourceRanges
    const { restsOn } = said
    const stated = sourceRangesOf(object)
    const ranges = stated.entries.map(entry => ({ entry, parsed: parseRange(entry.text, { cidr: true }) }))
    const families = new Set(ranges.flatMap(({ parsed }) => (parsed.ok ? [parsed.range.family] : [])))
    const outside = allowed === undefined ? undefined : outsideOf(allowed, restsOn)
    return [
      ...(required ? missing(object, stated, families).map(finding => ({ ...finding, restsOn })) : []),
      ...ranges.flatMap(({ entry, parsed }): Finding[] => {
        if (outside === undefined) return []
        if (parsed.ok) return outside(entry, parsed.range)
        const at = { field: entry.field, value: entry.text, restsOn }
        return [{ ...at, code: 'source-range-unparsable', problem: parsed.problem }]
      })
    ]
  }
})

/** O(log allowed) a range. */
function outsideOf(allowed: readonly AddressRange[], restsOn: Finding['restsOn']) {
  const index = rangeIndex(allowed)
  const texts = allowed.map(formatRange)
  return ({ text, field }: SourceRange, range: AddressRange): Finding[] => {
    if (firstOutside(index, range).length === 0) return []
    return [{ code: 'source-range-not-allowed', field, value: text, range, allowed: texts, restsOn }]
  }
}

/** The families of the Service that no range of the field is of; one finding for all where it states none at all. */
function missing(
  { ipFamilies }: Service,
  { isField, entries }: SourceRanges,
  stated: ReadonlySet<Family>
): Finding[] {
  const at = { code: 'source-ranges-missing', field: 'spec.loadBalancerSourceRanges', value: '' } as const
  if (!isField || stated.size === 0) {
    return [{ ...at, family: undefined, isAnnotated: !isField && entries.length > 0, restsOn: [] }]
  }
  return ([4, 6] as const)
    .filter(family => ipFamilies.includes(`IPv${family}`) && !stated.has(family))
    .map(family => ({ ...at, family, isAnnotated: false, restsOn: [] }))
}
