import type { ParseProblem } from '../address/parse.ts'
import { parseRange, POOL_FORMS } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'

/** One entry of `spec.addresses`: as written, where it stands, and the range it means. */
export interface PoolEntry {
  readonly text: string
  readonly field: string
  readonly range: AddressRange
}

/** An entry that is no range, and why. */
export interface UnreadableEntry {
  readonly text: string
  readonly field: string
  readonly problem: ParseProblem
}

/** The entries that MetalLB can read, in the order of the pool. The others are pool-syntax's to speak of. O(1) but the first time. */
export function poolEntries(pool: IPAddressPool): readonly PoolEntry[] {
  return entriesOf(pool).readable
}

/** The entries that are no range. */
export function unreadableEntries(pool: IPAddressPool): readonly UnreadableEntry[] {
  return entriesOf(pool).unreadable
}

interface Entries {
  readonly readable: readonly PoolEntry[]
  readonly unreadable: readonly UnreadableEntry[]
}

/** A dozen rules ask about a pool, which may have 20,000 entries. Objects never change, so what was read holds. */
const known = new WeakMap<IPAddressPool, Entries>()

function entriesOf(pool: IPAddressPool): Entries {
  const before = known.get(pool)
  if (before !== undefined) return before
  const readable: PoolEntry[] = []
  const unreadable: UnreadableEntry[] = []
  for (const [i, text] of pool.addresses.entries()) {
    const parsed = parseRange(text, POOL_FORMS)
    const field = entryField(i)
    if (parsed.ok) readable.push({ text, field, range: parsed.range })
    else unreadable.push({ text, field, problem: parsed.problem })
  }
  const entries = { readable, unreadable }
  known.set(pool, entries)
  return entries
}

function entryField(i: number): string {
  return `spec.addresses[${i}]`
}
