import { RangeIndex } from '../address/range-index.ts'
import type { AddressRange } from '../address/range.ts'
import type { PoolEntry } from './pool-entries.ts'

/** An entry of a pool and what it adds to those before it; empty when they have all of it. */
export interface OwnParts {
  readonly entry: PoolEntry
  readonly parts: readonly AddressRange[]
}

/**
 * The entries with the addresses that no earlier entry has, so that n equal entries over m claims make m hits and not
 * n * m. O(n log n): 2n parts at most.
 */
export function ownParts(entries: readonly PoolEntry[]): readonly OwnParts[] {
  const seen = new RangeIndex<undefined>()
  return entries.map(entry => {
    const parts = [...seen.free(entry.range)]
    let { first, last } = entry.range
    // What it touches becomes one range with it, so that no range is met twice.
    const met = [...seen.overlapping(entry.range)]
    for (const { range } of met) {
      seen.remove(range, undefined)
      if (range.first < first) first = range.first
      if (range.last > last) last = range.last
    }
    seen.insert({ family: entry.range.family, first, last }, undefined)
    return { entry, parts }
  })
}
