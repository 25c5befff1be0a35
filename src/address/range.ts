/** IP family, by its version number. */
export type Family = 4 | 6

/**
 * An inclusive range of addresses of one family, as unsigned integers in network order.
 * Whoever builds one keeps `0 <= first <= last < 2^32` (or `2^128`); nothing here checks it again.
 */
export interface AddressRange {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
}

/** How many addresses the range holds, at least 1. */
export function rangeSize(range: AddressRange): bigint {
  return range.last - range.first + 1n
}

/** The addresses both ranges hold; undefined when they share none or differ in family. */
export function overlap(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (a.family !== b.family) return undefined
  const first = a.first > b.first ? a.first : b.first
  const last = a.last < b.last ? a.last : b.last
  return first <= last ? { family: a.family, first, last } : undefined
}

/** Whether every address of `inner` is in `outer`. */
export function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last
}

/** Sort order: family, then first, then last. Negative when `a` comes first, 0 for the same range. */
export function compareRanges(a: AddressRange, b: AddressRange): number {
  if (a.family !== b.family) return a.family - b.family
  if (a.first !== b.first) return a.first < b.first ? -1 : 1
  if (a.last !== b.last) return a.last < b.last ? -1 : 1
  return 0
}

/**
 * The union as the fewest ranges: sorted, disjoint, adjacent ones joined; families are never joined.
 * Empty for no ranges. Cost O(n log n).
 */
export function merge(ranges: Iterable<AddressRange>): AddressRange[] {
  const merged: AddressRange[] = []
  for (const range of [...ranges].toSorted(compareRanges)) {
    const previous = merged.at(-1)
    if (!previous || previous.family !== range.family || previous.last + 1n < range.first) merged.push(range)
    else if (previous.last < range.last) merged[merged.length - 1] = { ...previous, last: range.last }
  }
  return merged
}

/**
 * The addresses of `from` that are not in `taken`, sorted and disjoint, no two adjacent.
 * Empty when everything is taken. Cost O((n + m) log (n + m)).
 */
export function subtract(from: Iterable<AddressRange>, taken: Iterable<AddressRange>): AddressRange[] {
  const holes = merge(taken)
  const left: AddressRange[] = []
  let next = 0
  for (const { family, first, last } of merge(from)) {
    let position = first
    for (let hole = holes[next]; hole && !isAfter(hole, family, last); hole = holes[++next]) {
      if (hole.family !== family || hole.last < position) continue
      if (position < hole.first) left.push({ family, first: position, last: hole.first - 1n })
      position = hole.last + 1n
      // This hole may reach into the next range of `from`, so it stays the current one.
      if (position > last) break
    }
    if (position <= last) left.push({ family, first: position, last })
  }
  return left
}

function isAfter(range: AddressRange, family: Family, last: bigint): boolean {
  return range.family > family || (range.family === family && range.first > last)
}

/**
 * The addresses that are in both, sorted and disjoint, no two adjacent.
 * Empty when they share none. Cost O((n + m) log (n + m)).
 */
export function intersect(a: Iterable<AddressRange>, b: Iterable<AddressRange>): AddressRange[] {
  const left = merge(a)
  const right = merge(b)
  const shared: AddressRange[] = []
  let i = 0
  let j = 0
  for (let x = left[i], y = right[j]; x && y; x = left[i], y = right[j]) {
    const both = overlap(x, y)
    if (both) shared.push(both)
    if (x.family === y.family ? x.last < y.last : x.family < y.family) i++
    else j++
  }
  return shared
}

/** Of each family that is there, the range from the lowest address to the highest, IPv4 first. Empty for no ranges. O(n). */
export function spans(ranges: Iterable<AddressRange>): AddressRange[] {
  const byFamily = new Map<Family, AddressRange>()
  for (const { family, first, last } of ranges) {
    const span = byFamily.get(family) ?? { family, first, last }
    byFamily.set(family, {
      family,
      first: first < span.first ? first : span.first,
      last: last > span.last ? last : span.last
    })
  }
  return ([4, 6] as const).flatMap(family => byFamily.get(family) ?? [])
}

/** The range with most addresses, the first of them on a tie; undefined for an empty list. */
export function largest(ranges: readonly AddressRange[]): AddressRange | undefined {
  let best: AddressRange | undefined
  for (const range of ranges) if (!best || rangeSize(range) > rangeSize(best)) best = range
  return best
}

const SPANS: Readonly<Record<Family, AddressRange>> = {
  4: { family: 4, first: 0n, last: (1n << 32n) - 1n },
  6: { family: 6, first: 0n, last: (1n << 128n) - 1n }
}

/** Every address of the family: 0.0.0.0/0 or ::/0. */
export function familySpan(family: Family): AddressRange {
  return SPANS[family]
}

/** The prefix length (0..32 or 0..128) when the range is exactly one CIDR block, else undefined. */
export function prefixOf(range: AddressRange): number | undefined {
  const size = rangeSize(range)
  const hostMask = size - 1n
  if ((size & hostMask) !== 0n || (range.first & hostMask) !== 0n) return undefined
  const hostBits = size.toString(2).length - 1
  return (range.family === 4 ? 32 : 128) - hostBits
}

/**
 * The prefix length of the largest CIDR block inside the range, which is the shortest among the fewest CIDRs that make it
 * up: 25 for 10.0.0.1-10.0.0.255, whose largest block is 10.0.0.128/25.
 */
export function largestBlockPrefix({ family, first, last }: AddressRange): number {
  const bits = (last - first + 1n).toString(2).length - 1
  const size = 1n << BigInt(bits)
  const start = ((first + size - 1n) / size) * size
  // The range is shorter than two such blocks, and so holds one of half the size if none of this.
  const hostBits = start + size - 1n <= last ? bits : bits - 1
  return (family === 4 ? 32 : 128) - hostBits
}
