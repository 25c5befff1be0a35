import type { Finding } from './finding.ts'
import { unreadableEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'

/** Every entry of a pool is a CIDR or `first-last`, and there is at least one. */
export const poolSyntax = defineRule<'IPAddressPool'>({
  id: 'pool-syntax',
  summary:
    'Every entry of spec.addresses is a CIDR or a first-last range of one family, and there is at least one.',
  why: 'MetalLB refuses its whole configuration while one pool in it cannot be read, and goes on with the previous one.',
  fix: 'Write each entry as a CIDR such as 192.168.1.100/32, or as first-last such as 192.168.1.100-192.168.1.200.',
  example: 'spec: {addresses: [192.168.1.100]} # MetalLB refuses a bare address',
  see: [
    'https://metallb.io/apis/#metallb.io/v1beta1.IPAddressPoolSpec',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (ParseCIDR)'
  ],
  on: ['IPAddressPool'],
  reads: [],
  defaultAction: 'deny',
  check({ object }) {
    const findings: Finding[] = unreadableEntries(object).map(({ text, field, problem }) => ({
      code: 'unparsable-range',
      field,
      value: text,
      restsOn: [],
      problem
    }))
    if (object.addresses.length > 0) return findings
    return [{ code: 'no-addresses', field: 'spec.addresses', value: '', restsOn: [] }]
  }
})
