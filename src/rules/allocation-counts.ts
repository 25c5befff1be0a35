import { RangeTally } from '../address/range-tally.ts'
import { intersect, rangeSize, subtract, type AddressRange } from '../address/range.ts'
import type { AddressCounts, HeldAddresses } from './address-counts.ts'
import { buggyAddresses } from './buggy-addresses.ts'
import type { PoolRanges } from './pool-ranges.ts'

/** How the addresses of an allocation stand: every one of `size` is used, unusable, free or unpooled. */
export interface AllocationCounts extends AddressCounts {
  /** In pools, whatever became of them there. */
  readonly pooled: bigint
  /** In no pool, and held by no Service all the same. */
  readonly unpooled: bigint
}

/**
 * Tells how the addresses of a range stand. O(n log n) once for the entries of all pools and what Services hold, then
 * O(log n) a range. An address of two pools is unusable when neither gives it out.
 */
export function allocationCounter(
  pools: readonly PoolRanges[],
  held: HeldAddresses
): (range: AddressRange) => AllocationCounts {
  const pooledRanges = rangesOf(pools)
  const avoidedRanges = subtract(pooledRanges, rangesOf(pools.filter(({ avoidBuggyIPs }) => !avoidBuggyIPs)))
  const pooledIn = new RangeTally(pooledRanges)
  const heldPooledIn = new RangeTally(intersect(held.ranges, pooledRanges))
  const buggyIn = new RangeTally(avoidedRanges, buggyAddresses)
  const heldBuggyIn = new RangeTally(intersect(held.ranges, avoidedRanges), buggyAddresses)
  return range => {
    const size = rangeSize(range)
    const used = held.all.within(range)
    const pooled = pooledIn.within(range)
    const unusable = buggyIn.within(range) - heldBuggyIn.within(range)
    const free = pooled - heldPooledIn.within(range) - unusable
    return { size, used, unusable, free, pooled, unpooled: size - used - unusable - free }
  }
}

function rangesOf(pools: readonly PoolRanges[]): readonly AddressRange[] {
  return pools.flatMap(({ ranges }) => ranges)
}
