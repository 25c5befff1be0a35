import { intersect, largest, rangeSize, subtract, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { Domain } from '../kinds/claim.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { sameRef } from '../kinds/object-ref.ts'
import { sharedDomains } from '../policy/domains.ts'
import type { Plan } from '../policy/plan.ts'
import type { Alternative } from './finding.ts'
import type { PoolEntry } from './pool-entries.ts'
import { poolSpace } from './pool-space.ts'

/** Entries of one pool that get a way out: an answer carries no more causes than this (design: at most 16). */
const MAX_ENTRIES = 16

const NONE: Alternative = { nearest: undefined, largestPart: undefined, largestFree: undefined }

interface Context {
  readonly view: View
  readonly plan: Plan
}

/**
 * Tells what an entry of the pool could be instead without breaking a rule about pools; worked out once an entry, and for
 * the first 16 asked about only. `largestFree` is looked for only when no range of the same size is free, as that costs
 * one pass over all claims in the space; the rest costs O(log n + hits).
 */
export function alternativesFor(pool: IPAddressPool, context: Context): (entry: PoolEntry) => Alternative {
  const known = new Map<string, Alternative>()
  return entry => {
    const before = known.get(entry.field)
    if (before !== undefined || known.size >= MAX_ENTRIES) return before ?? NONE
    const found = alternativeTo(entry, pool, context)
    known.set(entry.field, found)
    return found
  }
}

function alternativeTo(entry: PoolEntry, pool: IPAddressPool, { view, plan }: Context): Alternative {
  const { range } = entry
  const { permitted, offered } = poolSpace(pool, entry, { view, plan })
  const domains = sharedDomains(plan, view)
  const except = refOf(pool)
  const nearest = view.nearestFree({ domains, within: offered, near: range, size: rangeSize(range), except })
  const free = (ranges: readonly AddressRange[]) => largest(unclaimed(ranges, pool, view, domains))
  return {
    nearest,
    largestPart: free(intersect([range], permitted)),
    largestFree:
      nearest === undefined ? free(offered.filter(({ family }) => family === range.family)) : undefined
  }
}

/** What no object but the pool itself claims. */
function unclaimed(
  ranges: readonly AddressRange[],
  pool: IPAddressPool,
  view: View,
  domains: readonly Domain[]
): AddressRange[] {
  const self = refOf(pool)
  const claims = ranges.flatMap(range => [...view.overlapping(domains, range)])
  const others = claims.filter(({ holder }) => !sameRef(holder, self))
  return subtract(
    ranges,
    others.map(({ range }) => range)
  )
}
