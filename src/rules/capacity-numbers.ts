import type { Family } from '../address/range.ts'
import type { KindName } from '../kinds/index.ts'
import type { Allocation, Plan } from '../policy/plan.ts'
import {
  countAddresses,
  levelOf,
  usedShare,
  type AddressCounts,
  type HeldAddresses,
  type Level
} from './address-counts.ts'
import type { AllocationCounts } from './allocation-counts.ts'
import type { PoolRanges } from './pool-ranges.ts'

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

/** What the numbers of a pool rest on. */
interface Situation {
  readonly held: HeldAddresses
  readonly isHeldKnown: boolean
  readonly plan: Plan
}

/** The numbers of one pool. */
export function poolCapacity(
  { name, avoidBuggyIPs, ranges }: PoolRanges,
  situation: Situation
): PoolCapacity {
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

/** The numbers of one allocation; `unknown` as in `Capacity`. */
export function allocationCapacity(
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
