import type { Family } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { claimsOf, type KindName } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Allocation, Plan } from '../policy/plan.ts'
import {
  countAddresses,
  heldIn,
  levelOf,
  usedShare,
  type AddressCounts,
  type HeldAddresses,
  type Level
} from './address-counts.ts'
import { allocationCounter, type AllocationCounts } from './allocation-counts.ts'
import { poolRanges, type PoolRanges } from './pool-ranges.ts'

/**
 * Numbers of addresses as JSON has them: exact below 2^53, rounded above. `used` are held by Services, `unusable` are left
 * out by avoidBuggyIPs, `free` can be given out. null: nobody knows, as `unknown` of the whole says.
 */
export interface Counts {
  readonly size: number
  readonly used: number | null
  readonly unusable: number | null
  readonly free: number | null
}

/** One pool of MetalLB's own namespace: used, unusable and free add up to its size. */
export interface PoolCapacity extends Counts {
  readonly pool: string
  /** Of the fullest family (see `families`); both null also for a pool without addresses. */
  readonly usedPercent: number | null
  readonly level: Level | null
  /** Each family that it has addresses of by itself, since the other one's are no help to a Service. */
  readonly families: readonly FamilyCapacity[]
}

export interface FamilyCapacity extends Counts {
  readonly family: Family
  /** What is used of the addresses that can be used, rounded down to 0.01; 100 when none can be. */
  readonly usedPercent: number | null
  /** By the plan's capacity.warnPercent and criticalPercent. */
  readonly level: Level | null
}

/** One allocation of the plan: used, unusable, free and unpooled add up to its size. */
export interface AllocationCapacity extends Counts {
  /** As the plan writes it. */
  readonly allocation: string
  readonly purpose: string
  readonly announcement: Allocation['announcement']
  /** How much of it pools hold, whatever became of that. */
  readonly pooled: number | null
  /** What is in no pool, and held by no Service all the same. */
  readonly unpooled: number | null
}

/** How full pools and allocations are. */
export interface Capacity {
  /** Which of Service and IPAddressPool are not known: numbers that rest on them are null, and pools may be missing. */
  readonly unknown: readonly KindName[]
  /** By name. */
  readonly pools: readonly PoolCapacity[]
  /** In the order of the plan; empty when it states none. */
  readonly allocations: readonly AllocationCapacity[]
}

/**
 * What the view holds against what the plan hands over. O(n log n) for n addresses of pools, of Services and allocations: some
 * 60 ms for 10,000 pools and 6,000 Services.
 */
export function capacityOf(view: View, plan: Plan): Capacity {
  const steps = capacitySteps(view, plan)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Objects, or entries of pools, that one step is about: it takes a few milliseconds. */
const STEP_SIZE = 500

/**
 * The same in steps, for callers that have others waiting. All is as it was at the first step: the view may change between
 * two of them.
 */
export function* capacitySteps(view: View, plan: Plan): Generator<undefined, Capacity, undefined> {
  const unknown = (['Service', 'IPAddressPool'] as const).filter(kind => !view.known(kind))
  const { namespace } = plan.metallb
  const stored = [...view.list('IPAddressPool')].filter(({ meta }) => meta.namespace === namespace)
  const services = [...view.list('Service')]
  const claims = yield* mapped(services, service => claimsOf('Service', service))
  const held = heldIn(claims.flat().map(({ range }) => range))
  yield
  const ranges = yield* mapped(stored.toSorted(byName), poolRanges, pool => pool.addresses.length)
  const countIn = yield* allocationCounter(plan.allocations === undefined ? [] : ranges, held)
  yield
  const isHeldKnown = !unknown.includes('Service')
  const pools = yield* mapped(
    ranges,
    pool => poolCapacity(pool, { held, isHeldKnown, plan }),
    pool => pool.ranges.length
  )
  const allocations = yield* mapped(plan.allocations ?? [], allocation =>
    allocationCapacity(allocation, countIn(allocation.range), unknown)
  )
  return { unknown, pools, allocations }
}

function* mapped<T, R>(
  items: readonly T[],
  each: (item: T) => R,
  weightOf: (item: T) => number = () => 1
): Generator<undefined, R[], undefined> {
  const results: R[] = []
  let weight = 0
  for (const item of items) {
    results.push(each(item))
    weight += weightOf(item)
    if (weight < STEP_SIZE) continue
    weight = 0
    yield
  }
  return results
}

function byName(a: IPAddressPool, b: IPAddressPool): number {
  return a.meta.name < b.meta.name ? -1 : 1
}

interface Situation {
  readonly held: HeldAddresses
  readonly isHeldKnown: boolean
  readonly plan: Plan
}

function poolCapacity({ name, avoidBuggyIPs, ranges }: PoolRanges, situation: Situation): PoolCapacity {
  const { held, isHeldKnown, plan } = situation
  const families = ([4, 6] as const).flatMap(family => {
    const own = ranges.filter(range => range.family === family)
    return own.length === 0 ? [] : [{ family, counts: countAddresses(own, avoidBuggyIPs, held) }]
  })
  const fullest = families.map(({ counts }) => counts).toSorted(byShare)[0]
  const fullness = (counts: AddressCounts | undefined) => ({
    usedPercent: counts === undefined || !isHeldKnown ? null : Number(usedShare(counts)) / 100,
    level: counts === undefined || !isHeldKnown ? null : levelOf(counts, plan)
  })
  return {
    pool: name,
    ...numbers(total(families.map(({ counts }) => counts)), isHeldKnown),
    ...fullness(fullest),
    families: families.map(({ family, counts }) => {
      return { family, ...numbers(counts, isHeldKnown), ...fullness(counts) }
    })
  }
}

function byShare(a: AddressCounts, b: AddressCounts): number {
  return Number(usedShare(b) - usedShare(a))
}

function total(families: readonly AddressCounts[]): AddressCounts {
  return families.reduce(
    (sum, { size, used, unusable, free }) => ({
      size: sum.size + size,
      used: sum.used + used,
      unusable: sum.unusable + unusable,
      free: sum.free + free
    }),
    { size: 0n, used: 0n, unusable: 0n, free: 0n }
  )
}

function allocationCapacity(
  { text, purpose, announcement }: Allocation,
  counts: AllocationCounts,
  unknown: readonly KindName[]
): AllocationCapacity {
  const { pooled, unpooled } = counts
  const isKnown = unknown.length === 0
  return {
    allocation: text,
    purpose,
    announcement,
    ...numbers(counts, isKnown),
    pooled: unknown.includes('IPAddressPool') ? null : Number(pooled),
    unpooled: isKnown ? Number(unpooled) : null
  }
}

function numbers({ size, used, unusable, free }: AddressCounts, isKnown: boolean): Counts {
  return {
    size: Number(size),
    used: isKnown ? Number(used) : null,
    unusable: isKnown ? Number(unusable) : null,
    free: isKnown ? Number(free) : null
  }
}
