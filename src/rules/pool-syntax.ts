import type { ServiceAllocation } from '../kinds/ip-address-pool.ts'
import type { Finding } from './finding.ts'
import { unreadableEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'
import { repeatedTexts, selectorFindings } from './selector-syntax.ts'

/** Every entry of a pool is a CIDR or `first-last`, there is at least one, and MetalLB can read whom it is for. */
export const poolSyntax = defineRule<'IPAddressPool'>({
  id: 'pool-syntax',
  summary:
    'Every entry of spec.addresses is a CIDR or a first-last range of one family, and there is at least one; serviceAllocation has valid selectors, and nothing twice.',
  why: 'MetalLB refuses its whole configuration while one pool in it cannot be read, and goes on with the previous one.',
  fix: 'Write each entry as a CIDR such as 192.168.1.100/32, or as first-last such as 192.168.1.100-192.168.1.200; correct or take out what serviceAllocation has wrong or twice.',
  example: 'spec: {addresses: [192.168.1.100]} # MetalLB refuses a bare address',
  see: [
    'https://metallb.io/apis/#metallb.io/v1beta1.IPAddressPoolSpec',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (ParseCIDR, addressPoolServiceAllocationsFromCR)'
  ],
  on: ['IPAddressPool'],
  reads: [],
  defaultAction: 'deny',
  check({ object }) {
    const unreadable = unreadableEntries(object).map(({ text, field, problem }): Finding => {
      return { code: 'unparsable-range', field, value: text, restsOn: [], problem }
    })
    const empty: Finding = { code: 'no-addresses', field: 'spec.addresses', value: '', restsOn: [] }
    return [
      ...unreadable,
      ...(object.addresses.length === 0 ? [empty] : []),
      ...(object.serviceAllocation === undefined ? [] : allocationFindings(object.serviceAllocation))
    ]
  }
})

function allocationFindings(allocation: ServiceAllocation): Finding[] {
  const { namespaces, namespaceSelectors, serviceSelectors } = allocation
  const path = 'spec.serviceAllocation'
  return [
    ...repeatedTexts(`${path}.namespaces`, namespaces),
    ...selectorFindings(`${path}.namespaceSelectors`, namespaceSelectors),
    ...selectorFindings(`${path}.serviceSelectors`, serviceSelectors)
  ]
}
