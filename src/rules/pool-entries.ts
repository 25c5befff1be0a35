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

/** The entries that MetalLB can read, in the order of the pool. The others are pool-syntax's to speak of. */
export function poolEntries(pool: IPAddressPool): PoolEntry[] {
  return pool.addresses.flatMap((text, i) => {
    const parsed = parseRange(text, POOL_FORMS)
    return parsed.ok ? [{ text, field: entryField(i), range: parsed.range }] : []
  })
}

/** The entries that are no range. */
export function unreadableEntries(pool: IPAddressPool): UnreadableEntry[] {
  return pool.addresses.flatMap((text, i) => {
    const parsed = parseRange(text, POOL_FORMS)
    return parsed.ok ? [] : [{ text, field: entryField(i), problem: parsed.problem }]
  })
}

function entryField(i: number): string {
  return `spec.addresses[${i}]`
}
