import { contains, type AddressRange, type Family } from '../address/range.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { refOf } from '../kinds/index.ts'
import { countAddresses, heldIn, levelOf, type AddressCounts, type Level } from './address-counts.ts'
import { poolRanges } from './pool-ranges.ts'
import type { CheckContext } from './rule.ts'

/** How the addresses of one pool stand. */
export interface PoolRoom {
  readonly pool: ObjectRef
  readonly ranges: readonly AddressRange[]
  readonly counts: Readonly<Record<Family, AddressCounts>>
}

/** How the addresses of one family stand in several pools together. */
export interface FamilyRoom extends AddressCounts {
  readonly family: Family
  readonly level: Level
}

/**
 * How the addresses of MetalLB's pools of these names stand; those that do not exist are left out. O(n log n) for the entries
 * of the pools and the Services that hold addresses of them.
 */
export function poolRooms(names: Iterable<string>, { view, plan }: CheckContext): readonly PoolRoom[] {
  return [...new Set(names)].flatMap((name): PoolRoom[] => {
    const pool = view.get('IPAddressPool', plan.metallb.namespace, name)
    if (pool === undefined) return []
    const { ranges, avoidBuggyIPs } = poolRanges(pool)
    const held = heldIn(
      ranges.flatMap(range => [...view.overlapping(['ingress'], range)].map(claim => claim.range))
    )
    const countsOf = (family: Family) =>
      countAddresses(
        ranges.filter(range => range.family === family),
        avoidBuggyIPs,
        held
      )
    return [{ pool: refOf(pool), ranges, counts: { 4: countsOf(4), 6: countsOf(6) } }]
  })
}

/** Whether the address is one of the pool's. O(entries). */
export function isIn({ ranges }: PoolRoom, address: AddressRange): boolean {
  return ranges.some(range => contains(range, address))
}

/** The addresses of a family in all of them. */
export function roomOf(family: Family, rooms: readonly PoolRoom[], plan: CheckContext['plan']): FamilyRoom {
  const sum = (count: (counts: AddressCounts) => bigint) =>
    rooms.reduce((total, { counts }) => total + count(counts[family]), 0n)
  const counts = {
    size: sum(({ size }) => size),
    used: sum(({ used }) => used),
    unusable: sum(({ unusable }) => unusable),
    free: sum(({ free }) => free)
  }
  return { family, ...counts, level: levelOf(counts, plan) }
}
