import { RangeIndex } from '../address/range-index.ts'
import { contains, familySpan, intersect, overlap, subtract, type AddressRange } from '../address/range.ts'
import type { Claim } from '../kinds/claim.ts'
import type { FreeSearch } from './view.ts'

type Skip = (claim: Claim) => boolean

/**
 * The free range nearest to `search.near` that no index has a claim in. What is nearest by the fullest index alone is
 * mostly it, at O(log n) for each claim passed over. Else all claims in ever wider windows around `near` are laid
 * together: O(k log k) for the k claims in the last window, times at most 32 windows.
 */
export function nearestFreeAmong(
  indexes: readonly RangeIndex<Claim>[],
  search: FreeSearch,
  skip: Skip
): AddressRange | undefined {
  const [fullest = new RangeIndex<Claim>(), ...others] = indexes.toSorted((a, b) => b.size - a.size)
  const { within, near, size } = search
  const candidate = fullest.nearestFree({ within, near, size, skip })
  if (candidate === undefined || claimedRanges(others, candidate, skip).length === 0) return candidate
  return nearestInWindows(indexes, search, skip)
}

/** 16 times as wide each time: the 2^128 addresses of IPv6 are reached in 32 steps. */
const WIDENING = 16n

/** What is nearest inside a window around `near` is so everywhere: all that is as near lies inside too. */
function nearestInWindows(
  indexes: readonly RangeIndex<Claim>[],
  { within, near, size }: FreeSearch,
  skip: Skip
): AddressRange | undefined {
  const spaces = intersect(within, [familySpan(near.family)])
  for (let reach = size; ; reach *= WIDENING) {
    const around = { family: near.family, first: near.first - reach, last: near.last + reach }
    const window = overlap(familySpan(near.family), around) ?? near
    const taken = claimedRanges(indexes, window, skip)
    const free = subtract(intersect(spaces, [window]), taken)
    const found = new RangeIndex<Claim>().nearestFree({ within: free, near, size })
    if (found !== undefined || spaces.every(space => contains(window, space))) return found
  }
}

function claimedRanges(
  indexes: readonly RangeIndex<Claim>[],
  range: AddressRange,
  skip: Skip
): AddressRange[] {
  return indexes
    .flatMap(index => [...index.overlapping(range)])
    .filter(entry => !skip(entry.value))
    .map(entry => entry.range)
}
