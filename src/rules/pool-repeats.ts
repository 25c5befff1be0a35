import { compareRanges, overlap, type AddressRange } from '../address/range.ts'
import type { PoolEntry } from './pool-entries.ts'

/** Addresses that two entries of one pool hold; `entry` is the later of the two in the pool. */
export interface Repeat {
  readonly entry: PoolEntry
  readonly earlier: PoolEntry
  readonly range: AddressRange
}

interface Placed {
  readonly entry: PoolEntry
  readonly i: number
}

/**
 * The addresses that a pool holds more than once, in the order of its entries. Each entry is compared with the one that
 * reaches farthest of those beginning before it: every repeated address is found, with one repeat an entry at most
 * rather than one a pair, so a pool of n equal entries has n - 1 and not n * n. Cost O(n log n).
 */
export function repeats(entries: readonly PoolEntry[]): Repeat[] {
  const placed = entries.map((entry, i): Placed => ({ entry, i }))
  const found: { readonly i: number; readonly repeat: Repeat }[] = []
  let farthest: Placed | undefined
  for (const next of placed.toSorted((a, b) => compareRanges(a.entry.range, b.entry.range) || a.i - b.i)) {
    const range = farthest && overlap(farthest.entry.range, next.entry.range)
    if (farthest && range) found.push(repeatOf(farthest, next, range))
    if (!farthest || reachesFarther(next.entry.range, farthest.entry.range)) farthest = next
  }
  return found.toSorted((a, b) => a.i - b.i).map(({ repeat }) => repeat)
}

function repeatOf(a: Placed, b: Placed, range: AddressRange): { i: number; repeat: Repeat } {
  const [earlier, later] = a.i < b.i ? [a, b] : [b, a]
  return { i: later.i, repeat: { entry: later.entry, earlier: earlier.entry, range } }
}

function reachesFarther(a: AddressRange, b: AddressRange): boolean {
  return a.family !== b.family || a.last > b.last
}
