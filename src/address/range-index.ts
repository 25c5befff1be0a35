import { IntervalTree } from './interval-tree.ts'
import { rangeSize } from './range.ts'
import type { AddressRange, Family } from './range.ts'

/** What `nearestFree` looks for. */
export interface FreeSearch<V> {
  /** The allowed space, in any order; the answer lies inside one of these. Other families than near's are ignored. */
  readonly within: readonly AddressRange[]
  readonly near: AddressRange
  /** How many addresses the answer has. */
  readonly size: bigint
  /** Values whose ranges count as free, such as the ones of the object being changed. */
  readonly skip?: ((value: V) => boolean) | undefined
}

/** One stored range and one of the values stored with it. */
export interface IndexEntry<V> {
  readonly range: AddressRange
  readonly value: V
}

interface Bucket<V> {
  readonly range: AddressRange
  readonly values: V[]
}

interface Trees<V> {
  readonly ascending: IntervalTree<Bucket<V>>
  /** The same ranges, mirrored at zero: ascending there is descending by last here. */
  readonly mirrored: IntervalTree<Bucket<V>>
}

interface Interval {
  readonly first: bigint
  readonly last: bigint
}

/**
 * Ranges of both families with a value each; ranges may nest, coincide and repeat. `insert` and `remove` cost
 * O(log n), plus one pass over the values of the very same range for `remove`. Searches cost O(log n + k) for the k
 * stored ranges they meet, as long as those do not nest deeply, and O((k + 1) log n) at worst. Do not change the
 * index while iterating.
 */
export class RangeIndex<V> {
  readonly #trees: Readonly<Record<Family, Trees<V>>> = { 4: emptyTrees(), 6: emptyTrees() }
  #size = 0

  /** How many values are stored; one stored twice counts twice. */
  get size(): number {
    return this.#size
  }

  /** Stores a value with its range, also when the same pair is there already. */
  insert(range: AddressRange, value: V): void {
    const { ascending, mirrored } = this.#trees[range.family]
    this.#size++
    const known = ascending.get(range.first, range.last)
    if (known) {
      known.values.push(value)
      return
    }
    const bucket = { range, values: [value] }
    ascending.set(range.first, range.last, bucket)
    mirrored.set(-range.last, -range.first, bucket)
  }

  /** Takes one pair of this range and this very value (`===`) out; false when there is none. */
  remove(range: AddressRange, value: V): boolean {
    const { ascending, mirrored } = this.#trees[range.family]
    const bucket = ascending.get(range.first, range.last)
    const at = bucket ? bucket.values.indexOf(value) : -1
    if (!bucket || at < 0) return false
    bucket.values.splice(at, 1)
    this.#size--
    if (bucket.values.length === 0) {
      ascending.delete(range.first, range.last)
      mirrored.delete(-range.last, -range.first)
    }
    return true
  }

  /** The entries that share an address with the range, ascending by first, then last, then order of insertion. */
  *overlapping(range: AddressRange): Generator<IndexEntry<V>, void, undefined> {
    for (const { item: bucket } of this.#trees[range.family].ascending.overlapping(range.first, range.last)) {
      for (const value of bucket.values) yield { range: bucket.range, value }
    }
  }

  /** The maximal ranges inside `within` that no stored range touches, ascending; none when all is taken. */
  *free(within: AddressRange, skip?: (value: V) => boolean): Generator<AddressRange, void, undefined> {
    const { family } = within
    for (const { first, last } of gaps(this.#trees[family].ascending, within, skip)) {
      yield { family, first, last }
    }
  }

  /**
   * The range of exactly `size` addresses inside one of `within`, untouched by stored ranges, with the fewest
   * addresses between it and `near` (none when they are adjacent or overlap); on a tie the highest one. Undefined
   * when there is none, and for a size below 1. k is at worst every stored range inside `within`.
   */
  nearestFree(search: FreeSearch<V>): AddressRange | undefined {
    const { near, size } = search
    if (size < 1n) return undefined
    const spaces = search.within.filter(space => space.family === near.family && rangeSize(space) >= size)
    let best: AddressRange | undefined
    for (const space of spaces.toSorted((a, b) => compareBigints(distance(a, near), distance(b, near)))) {
      // Nearest spaces come first, so the rest can only be farther away.
      if (best && distance(space, near) > distance(best, near)) break
      best = nearer(near, best, this.#firstAbove(search, clip(space, search, best)))
      best = nearer(near, best, this.#firstBelow(search, clip(space, search, best)))
    }
    return best
  }

  /** The lowest fit that begins above `near`. */
  #firstAbove({ near, size, skip }: FreeSearch<V>, space: Interval): AddressRange | undefined {
    const { family } = near
    const { first, last } = space
    const above = { first: greater(first, near.last + 1n), last }
    const fit = firstFit(this.#trees[family].ascending, above, { size, skip })
    return fit === undefined ? undefined : { family, first: fit, last: fit + size - 1n }
  }

  /** The highest fit that begins at or below the end of `near`, so it may overlap `near`. */
  #firstBelow({ near, size, skip }: FreeSearch<V>, space: Interval): AddressRange | undefined {
    const { family } = near
    const { first, last } = space
    const below = { first: greater(-last, -near.last - size + 1n), last: -first }
    const fit = firstFit(this.#trees[family].mirrored, below, { size, skip })
    return fit === undefined ? undefined : { family, first: -fit - size + 1n, last: -fit }
  }
}

function emptyTrees<V>(): Trees<V> {
  return { ascending: new IntervalTree(), mirrored: new IntervalTree() }
}

/** The maximal parts of a space that no bucket touches, ascending, in the coordinates of the tree. */
function* gaps<V>(
  tree: IntervalTree<Bucket<V>>,
  space: Interval,
  skip: FreeSearch<V>['skip']
): Generator<Interval, void, undefined> {
  let position = space.first
  if (position > space.last) return
  for (const { item, first, last } of tree.overlapping(space.first, space.last)) {
    if (skip && item.values.every(skip)) continue
    if (first > position) yield { first: position, last: first - 1n }
    if (last >= position) position = last + 1n
    if (position > space.last) return
  }
  yield { first: position, last: space.last }
}

/** The first number of the first of those parts that holds at least `size` of them. */
function firstFit<V>(
  tree: IntervalTree<Bucket<V>>,
  space: Interval,
  { size, skip }: Pick<FreeSearch<V>, 'size' | 'skip'>
): bigint | undefined {
  let taken = space.first - 1n
  // What begins beyond leaves room between itself and what is taken.
  let tooNear = taken + size
  let found = false
  tree.visit(space.first, space.last, ({ item, first, last }) => {
    if (skip && item.values.every(skip)) return false
    found = first > tooNear
    if (!found && last > taken) {
      taken = last
      tooNear = taken + size
    }
    return found || tooNear > space.last
  })
  return found || tooNear <= space.last ? taken + 1n : undefined
}

/** The part of a space where a fit could still be as near as the best one so far. */
function clip(
  space: AddressRange,
  { near, size }: Pick<FreeSearch<never>, 'near' | 'size'>,
  best: AddressRange | undefined
): Interval {
  if (!best) return space
  const reach = distance(best, near) + size
  const last = near.last + reach
  return { first: greater(space.first, near.first - reach), last: space.last < last ? space.last : last }
}

function nearer(
  near: AddressRange,
  best: AddressRange | undefined,
  candidate: AddressRange | undefined
): AddressRange | undefined {
  if (!best || !candidate) return best ?? candidate
  const order = compareBigints(distance(candidate, near), distance(best, near))
  if (order === 0) return candidate.first > best.first ? candidate : best
  return order < 0 ? candidate : best
}

/** How many addresses lie between two ranges; 0 when they are adjacent or overlap. */
function distance(a: AddressRange, b: AddressRange): bigint {
  if (a.first > b.last) return a.first - b.last - 1n
  return b.first > a.last ? b.first - a.last - 1n : 0n
}

function compareBigints(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
