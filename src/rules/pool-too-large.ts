import { rangeSize, type AddressRange } from '../address/range.ts'
import { poolEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'

/**
 * The longest prefix of each family that more addresses than it has are almost surely a slip of the pen. IPv4: the 65,536
 * addresses of a /16 are six for every Service that Kubernetes is tested with (10,000 in a cluster: kubernetes/community,
 * sig-scalability/configs-and-limits/thresholds.md). IPv6: a /64 is one subnet (RFC 4291, 2.5.1; RFC 7421), and what is
 * larger is several; MetalLB itself counts 2^62 and more as never running out (internal/allocator, poolCount).
 */
const LARGEST_PREFIX = { 4: 16, 6: 64 } as const

/** No range is larger than anybody needs. */
export const poolTooLarge = defineRule<'IPAddressPool'>({
  id: 'pool-too-large',
  summary: 'No entry of a pool holds more addresses than a /16 of IPv4 or a /64 of IPv6.',
  why: 'So many are six for every Service a cluster can have, or more than one subnet of IPv6: most likely a digit is missing in the prefix length, and the pool takes addresses from others.',
  fix: 'Write the range that was handed over for Services. If it really is that large, set pool-too-large: off in an ExposurePolicy.',
  example: 'spec: {addresses: [10.20.0.0/2]} # 10.20.0.0/24 was meant',
  see: [
    'https://github.com/kubernetes/community/blob/master/sig-scalability/configs-and-limits/thresholds.md',
    'https://www.rfc-editor.org/rfc/rfc7421',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (poolCount)'
  ],
  on: ['IPAddressPool'],
  reads: [],
  defaultAction: 'warn',
  check({ object }, { plan }) {
    if (object.meta.namespace !== plan.metallb.namespace) return []
    return poolEntries(object)
      .filter(({ range }) => rangeSize(range) > largestSize(range))
      .map(({ text, field, range }) => {
        const prefix = LARGEST_PREFIX[range.family]
        return { code: 'too-large' as const, field, value: text, range, prefix, restsOn: [] }
      })
  }
})

function largestSize({ family }: AddressRange): bigint {
  const bits = family === 4 ? 32 : 128
  return 1n << BigInt(bits - LARGEST_PREFIX[family])
}
