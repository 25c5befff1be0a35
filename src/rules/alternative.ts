import { intersect, largest, rangeSize, spans, subtract, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { vlanDomain, type Domain } from '../kinds/claim.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { sharedDomains } from '../policy/domains.ts'
import type { Alternative } from './findings/at.ts'
import { vlanOfPool } from './node-subnets.ts'
import type { PoolEntry } from './pool-entries.ts'
import { poolSpaces, type PoolSpace } from './pool-space.ts'
import type { CheckContext } from './rule.ts'

/** Entries of one pool that get a way out: an answer carries no more causes than this (design: at most 16). */
const MAX_ENTRIES = 16

const NONE: Alternative = { nearest: undefined, largestPart: undefined, largestFree: undefined }

/**
 * Tells what an entry of the pool could be instead without breaking a rule about pools: nothing is worked out before the
 * first question, then once an entry, for the first 16 entries asked about. `largestFree` is looked for only when no range
 * of the same size is free, as that costs one pass over all claims in the space; the rest costs O(log n + hits).
 */
export function alternativesFor(
  pool: IPAddressPool,
  context: Pick<CheckContext, 'proposals' | 'proposing' | 'plan'>
): (entry: PoolEntry) => Alternative {
  if (context.proposing === false) return () => NONE
  const known = new Map<string, Alternative>()
  let search: ((entry: PoolEntry) => Alternative) | undefined
  return entry => {
    const before = known.get(entry.field)
    if (before !== undefined || known.size >= MAX_ENTRIES) return before ?? NONE
    search ??= searchFor(pool, context)
    const found = search(entry)
    known.set(entry.field, found)
    return found
  }
}

function searchFor(
  pool: IPAddressPool,
  context: Pick<CheckContext, 'proposals' | 'plan'>
): (entry: PoolEntry) => Alternative {
  const { plan, proposals: view } = context
  const spaceOf = poolSpaces(pool, { plan, view })
  const own = vlanOfPool(plan, pool)
  // The plan's claim of a VLAN is for its own pool.
  const domains = sharedDomains(plan, view).filter(domain => !own || domain !== vlanDomain(own.tenant))
  return entry => alternativeTo(entry.range, spaceOf(entry), { view, domains, except: refOf(pool) })
}

interface Claims {
  readonly view: View
  readonly domains: readonly Domain[]
  readonly except: ObjectRef
}

function alternativeTo(range: AddressRange, { permitted, offered }: PoolSpace, claims: Claims): Alternative {
  const { view, domains, except } = claims
  const nearest = view.nearestFree({ domains, within: offered, near: range, size: rangeSize(range), except })
  const alike = offered.filter(({ family }) => family === range.family)
  return {
    nearest,
    largestPart: largest(unclaimed(intersect([range], permitted), claims)),
    largestFree: nearest === undefined ? largest(unclaimed(alike, claims)) : undefined
  }
}

/**
 * What no object but the pool itself claims. One question for all ranges of a family, from the first address to the last:
 * what provider Subnets reserve cuts a space into thousands, and each question costs something for every domain.
 */
function unclaimed(ranges: readonly AddressRange[], { view, domains, except }: Claims): AddressRange[] {
  const claims = spans(ranges).flatMap(span => [...view.overlapping(domains, span)])
  const others = claims.filter(({ holder }) => !sameRef(holder, except))
  return subtract(
    ranges,
    others.map(({ range }) => range)
  )
}
