import { RangeIndex } from '../address/range-index.ts'
import { subtract, type AddressRange } from '../address/range.ts'
import type { Claim } from '../kinds/claim.ts'
import type { FreeSearch } from './view.ts'

/**
 * The free range nearest to `search.near` that no index has a claim in. Searches the fullest index and takes what the
 * others hold out of the allowed space until a candidate is free in all; each round takes out at least one claim, so the
 * cost is O(log n) for each claim passed over.
 */
export function nearestFreeAmong(
  indexes: readonly RangeIndex<Claim>[],
  search: FreeSearch,
  skip: (claim: Claim) => boolean
): AddressRange | undefined {
  const [fullest = new RangeIndex<Claim>(), ...others] = indexes.toSorted((a, b) => b.size - a.size)
  let within: readonly AddressRange[] = search.within
  for (;;) {
    const candidate = fullest.nearestFree({ within, near: search.near, size: search.size, skip })
    if (candidate === undefined) return undefined
    const taken = others.flatMap(index => claimedRanges(index, candidate, skip))
    if (taken.length === 0) return candidate
    within = subtract(within, taken)
  }
}

function claimedRanges(
  index: RangeIndex<Claim>,
  range: AddressRange,
  skip: (claim: Claim) => boolean
): AddressRange[] {
  return [...index.overlapping(range)].filter(entry => !skip(entry.value)).map(entry => entry.range)
}
