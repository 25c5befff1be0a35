import { RangeTally } from '../address/range-tally.ts'
import { rangeSize, type AddressRange } from '../address/range.ts'
import type { Plan } from '../policy/plan.ts'
import { buggyAddresses } from './buggy-addresses.ts'

/** How some addresses of one family stand: every one of `size` is in exactly one of the other three. */
export interface AddressCounts {
  readonly size: bigint
  /** Held by Services. */
  readonly used: bigint
  /** Left out by avoidBuggyIPs, and held by nobody. */
  readonly unusable: bigint
  readonly free: bigint
}

/** The addresses that Services hold, to be counted in any range. */
export interface HeldAddresses {
  readonly ranges: readonly AddressRange[]
  readonly all: RangeTally
  /** Of those, the ones that MetalLB calls buggy. */
  readonly buggy: RangeTally
}

/** How full: by the plan's capacity.warnPercent and criticalPercent. */
export type Level = 'ok' | 'warning' | 'critical'

/** The addresses of claims in domain `ingress`, or such of them as are of interest. O(n log n). */
export function heldIn(ranges: readonly AddressRange[]): HeldAddresses {
  return { ranges, all: new RangeTally(ranges), buggy: new RangeTally(ranges, buggyAddresses) }
}

/** How the addresses of a pool stand; the ranges are disjoint and of one family. O(log held) a range. */
export function countAddresses(
  ranges: readonly AddressRange[],
  avoidBuggyIPs: boolean,
  held: HeldAddresses
): AddressCounts {
  const size = sum(ranges, rangeSize)
  const used = sum(ranges, range => held.all.within(range))
  const buggy = (range: AddressRange) => buggyAddresses(range) - held.buggy.within(range)
  const unusable = avoidBuggyIPs ? sum(ranges, buggy) : 0n
  return { size, used, unusable, free: size - used - unusable }
}

/** What is held of the addresses that can be used at all, in hundredths of a percent and rounded down: 10,000 is all, or none left. */
export function usedShare({ used, free }: AddressCounts): bigint {
  return used + free === 0n ? 10_000n : (used * 10_000n) / (used + free)
}

/** `critical` also when no address can be used at all. */
export function levelOf(counts: AddressCounts, { capacity }: Pick<Plan, 'capacity'>): Level {
  const share = usedShare(counts)
  if (share >= BigInt(capacity.criticalPercent) * 100n) return 'critical'
  return share >= BigInt(capacity.warnPercent) * 100n ? 'warning' : 'ok'
}

function sum(ranges: readonly AddressRange[], count: (range: AddressRange) => bigint): bigint {
  return ranges.reduce((total, range) => total + count(range), 0n)
}
