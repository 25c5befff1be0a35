import { familySpan, intersect, subtract, type AddressRange } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Plan } from '../policy/plan.ts'
import { isAllocatedToBGP, layer2Ranges, vlanOfPool } from './node-subnets.ts'
import { announcementOf } from './pool-announcement.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'
import { reservedRanges } from './reserved-ranges.ts'
import type { RuleContext } from './rule.ts'
import { vlanReserves } from './vlan-reserves.ts'

/** Addresses that one entry of a pool could consist of, as far as the plan goes; who holds them is not looked at. */
export interface PoolSpace {
  /** Where the entry may lie without breaking a rule. */
  readonly permitted: readonly AddressRange[]
  /** The part of it that can be proposed: what the plan states as a place for pools. Empty when it states none. */
  readonly offered: readonly AddressRange[]
}

/**
 * Tells the space for each entry of a pool: for a VLAN tenant's own the range of its VLAN, else the nodes' subnets within the
 * plan's allocations for L2 and any allocation for BGP; less reserved addresses and what the pool's other entries hold. O(n
 * log n) an entry in a pool of n.
 */
export function poolSpaces(
  pool: IPAddressPool,
  { view, plan }: Pick<RuleContext, 'view' | 'plan'>
): (entry: PoolEntry) => PoolSpace {
  const { by } = announcementOf(pool, view)
  const entries = poolEntries(pool)
  const reserved = [...reservedRanges(plan, view), ...vlanReserves(plan, pool)]
  const planned = plan.tenant === undefined ? vlanOfPool(plan, pool)?.range : undefined
  return entry => {
    const isBGP = by === 'bgp' || (by !== 'l2' && isAllocatedToBGP(plan, entry.range))
    const stated = planned ? [planned.range] : isBGP ? bgpSpace(plan) : layer2Space(plan, pool)
    const others = entries.filter(({ field }) => field !== entry.field)
    const taken = [...reserved, ...others].map(({ range }) => range)
    return {
      permitted: subtract(stated ?? [familySpan(4), familySpan(6)], taken),
      offered: subtract(stated ?? [], taken)
    }
  }
}

/** undefined: anywhere, as far as the plan says. */
function bgpSpace(plan: Plan): readonly AddressRange[] | undefined {
  const allocations = plan.allocations?.map(({ range }) => range)
  const forBGP = plan.allocations?.filter(({ announcement }) => announcement === 'bgp') ?? []
  return forBGP.length > 0 ? forBGP.map(({ range }) => range) : allocations
}

/** undefined: anywhere, as far as the plan says. */
function layer2Space(plan: Plan, pool: IPAddressPool): readonly AddressRange[] | undefined {
  const allocated = plan.allocations
    ?.filter(({ announcement }) => announcement === 'l2')
    .map(({ range }) => range)
  const reachable = layer2Ranges(plan, pool)
  if (reachable === undefined || allocated === undefined) return reachable ?? allocated
  return intersect(reachable, allocated)
}
