import { compareRanges, merge, overlap, rangeSize, type AddressRange } from './range.ts'

/** Counts something about the addresses of one range; the counts of two halves of a range add up to that of the range. */
export type Measure = (range: AddressRange) => bigint

/**
 * The union of ranges, made for counting: how much of it lies in any other range. Built in O(n log n), asked in O(log n),
 * however many of its ranges that other one meets.
 */
export class RangeTally {
  /** Disjoint, ascending. */
  readonly #ranges: readonly AddressRange[]
  /** What the ranges before the one of the same index measure together, and the measure of all at the end. */
  readonly #before: readonly bigint[]
  readonly #measure: Measure

  constructor(ranges: Iterable<AddressRange>, measure: Measure = rangeSize) {
    this.#ranges = merge(ranges)
    this.#measure = measure
    const before = [0n]
    for (const range of this.#ranges) before.push((before.at(-1) ?? 0n) + measure(range))
    this.#before = before
  }

  /** What the part of the union inside `range` measures: how many addresses, unless another measure was given. */
  within(range: AddressRange): bigint {
    const { family, first, last } = range
    const from = this.#firstFrom({ family, first, last: first })
    const to = this.#firstFrom({ family, first: last + 1n, last: last + 1n })
    const begun = this.#partIn(from - 1, range)
    // The range of index to - 1 may reach beyond the end; when it is the one before `from`, it is counted already.
    if (to <= from) return begun
    return begun + this.#sumBefore(to - 1) - this.#sumBefore(from) + this.#partIn(to - 1, range)
  }

  /** The index of the first range that does not begin before this address. */
  #firstFrom(address: AddressRange): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = this.#ranges[middle]
      if (range !== undefined && compareRanges(range, address) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #partIn(i: number, range: AddressRange): bigint {
    const own = this.#ranges[i]
    const shared = own && overlap(own, range)
    return shared === undefined ? 0n : this.#measure(shared)
  }

  #sumBefore(i: number): bigint {
    return this.#before[i] ?? 0n
  }
}
