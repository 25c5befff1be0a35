import { merge, type AddressRange } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { poolEntries } from './pool-entries.ts'

/** What MetalLB makes of a pool's addresses. */
export interface PoolRanges {
  readonly name: string
  readonly avoidBuggyIPs: boolean
  /** Disjoint and ascending, IPv4 first; empty when no entry can be read. */
  readonly ranges: readonly AddressRange[]
}

/** O(n log n) for n entries. */
export function poolRanges(pool: IPAddressPool): PoolRanges {
  const { meta, avoidBuggyIPs } = pool
  return { name: meta.name, avoidBuggyIPs, ranges: merge(poolEntries(pool).map(({ range }) => range)) }
}
