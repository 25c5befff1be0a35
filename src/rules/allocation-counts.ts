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
 * Tells how the addresses of a range stand. O(n log n) once for the entries of all pools and what Services hold, in steps
 * of a few milliseconds for 10,000 of them; then O(log n) a range. An address of two pools is unusable when neither gives
 * it out.
 */
export function* allocationCounter(
  pools: readonly PoolRanges[],
  held: HeldAddresses
): Generator<undefined, (range: AddressRange) => AllocationCounts, undefined> {
  const pooled = rangesOf(pools)
  const pooledIn = new RangeTally(pooled)
  yield
  const heldPooledIn = new RangeTally(intersect(held.ranges, pooled))
  yield
  const avoided = avoidedRanges(pools)
  yield
  const buggyIn = new RangeTally(avoided, buggyAddresses)
  const heldBuggyIn = new RangeTally(intersect(held.ranges, avoided), buggyAddresses)
  return range => {
    const size = rangeSize(range)
    const used = held.all.within(range)
    const unusable = buggyIn.within(range) - heldBuggyIn.within(range)
    const inPools = pooledIn.within(range)
    const free = inPools - heldPooledIn.within(range) - unusable
    return { size, used, unusable, free, pooled: inPools, unpooled: size - used - unusable - free }
  }
}

/** What only pools with avoidBuggyIPs have. */
function avoidedRanges(pools: readonly PoolRanges[]): readonly AddressRange[] {
  const avoiding = pools.filter(({ avoidBuggyIPs }) => avoidBuggyIPs)
  const others = avoiding.length === 0 ? [] : pools.filter(({ avoidBuggyIPs }) => !avoidBuggyIPs)
  return subtract(rangesOf(avoiding), rangesOf(others))
}

function rangesOf(pools: readonly PoolRanges[]): readonly AddressRange[] {
  return pools.flatMap(({ ranges }) => ranges)
}
