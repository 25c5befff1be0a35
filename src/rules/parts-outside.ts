import { RangeIndex } from '../address/range-index.ts'
import { merge, type AddressRange } from '../address/range.ts'

/** Parts of one range that are told of: an answer carries no more causes than this (design: at most 16). */
const MAX_PARTS = 16

/** The union of ranges, for `firstOutside`. O(n log n). */
export function rangeIndex(ranges: Iterable<AddressRange>): RangeIndex<undefined> {
  const index = new RangeIndex<undefined>()
  for (const range of merge(ranges)) index.insert(range, undefined)
  return index
}

/**
 * The parts of a range that are not in the index, ascending, the first 16 of them; empty when all of it is there. With n
 * ranges against n others a list of all parts has up to n * n members. O(log n) a part.
 */
export function firstOutside(index: RangeIndex<undefined>, range: AddressRange): AddressRange[] {
  const parts: AddressRange[] = []
  for (const part of index.free(range)) {
    parts.push(part)
    if (parts.length === MAX_PARTS) break
  }
  return parts
}
