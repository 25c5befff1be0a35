import type { View } from '../inventory/view.ts'
import { claimsOf, type KindName } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Plan } from '../policy/plan.ts'
import { heldIn } from './address-counts.ts'
import { allocationCounter } from './allocation-counts.ts'
import {
  allocationCapacity,
  poolCapacity,
  type AllocationCapacity,
  type PoolCapacity
} from './capacity-numbers.ts'
import { poolRanges } from './pool-ranges.ts'

export type { AllocationCapacity, Counts, PoolCapacity } from './capacity-numbers.ts'

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
