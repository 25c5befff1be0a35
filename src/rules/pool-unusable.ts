import { rangeSize, type AddressRange, type Family } from '../address/range.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { countAddresses, heldIn, levelOf } from './address-counts.ts'
import { buggyAddresses } from './buggy-addresses.ts'
import type { Finding } from './finding.ts'
import { poolRanges } from './pool-ranges.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** A pool has addresses to give out, and some more to spare. */
export const poolUnusable = defineRule<'IPAddressPool'>({
  id: 'pool-unusable',
  summary:
    "A pool has addresses that MetalLB can give out, and Services hold less of them than the plan's capacity.warnPercent.",
  why: 'MetalLB gives out no address that ends in .0 or .255 while avoidBuggyIPs is set, and none that is taken: a Service that gets none stays pending, and only an Event says so.',
  fix: 'Add addresses to the pool, or a further pool, before Services hold all of them; `poolguard check --format json` tells how many there are.',
  example: 'spec: {addresses: [192.168.1.0/32], avoidBuggyIPs: true}',
  see: [
    'https://metallb.io/configuration/_advanced_ipaddresspool_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (getIPFromCIDR, poolCount)'
  ],
  on: ['IPAddressPool'],
  reads: ['Service'],
  defaultAction: 'warn',
  /** What a family is like that the write brings into the pool: with the pool itself, each that it has. */
  check({ object, oldObject }, context) {
    if (object.meta.namespace !== context.plan.metallb.namespace) return []
    const before = partsOf(oldObject)
    return partsOf(object)
      .filter(({ family }) => !before.some(part => part.family === family))
      .flatMap(part => shortage(part, context))
  },
  /** A family that was there before is told of when it has less to give out now: more of it is never nagged about. */
  checkLoss({ object, oldObject }, context) {
    if (object === undefined || object.meta.namespace !== context.plan.metallb.namespace) return []
    const before = partsOf(oldObject)
    return partsOf(object)
      .filter(({ family, usable }) => before.some(part => part.family === family && usable < part.usable))
      .flatMap(part => shortage(part, context))
  }
})

/** The addresses of one family in a pool. */
interface Part {
  readonly family: Family
  /** Disjoint; at least one. */
  readonly ranges: readonly AddressRange[]
  /** How many of them MetalLB can give out, be they free or not. */
  readonly usable: bigint
  readonly avoidBuggyIPs: boolean
}

/** Empty for no pool. */
function partsOf(pool: IPAddressPool | undefined): readonly Part[] {
  if (pool === undefined) return []
  const { ranges: all, avoidBuggyIPs } = poolRanges(pool)
  return ([4, 6] as const).flatMap(family => {
    const ranges = all.filter(range => range.family === family)
    const usable = ranges.reduce((sum, range) => sum + usableIn(range, avoidBuggyIPs), 0n)
    return ranges.length === 0 ? [] : [{ family, ranges, usable, avoidBuggyIPs }]
  })
}

function usableIn(range: AddressRange, avoidBuggyIPs: boolean): bigint {
  return rangeSize(range) - (avoidBuggyIPs ? buggyAddresses(range) : 0n)
}

function shortage(
  { family, ranges, usable, avoidBuggyIPs }: Part,
  { view, plan }: Pick<CheckContext, 'view' | 'plan'>
): readonly Finding[] {
  if (usable === 0n) {
    return [{ code: 'nothing-usable', field: 'spec.avoidBuggyIPs', value: 'true', family, restsOn: [] }]
  }
  const held = ranges.flatMap(range => [...view.overlapping(['ingress'], range)])
  const counts = countAddresses(ranges, avoidBuggyIPs, heldIn(held.map(({ range }) => range)))
  const level = levelOf(counts, plan)
  if (level === 'ok' || !view.known('Service')) return []
  const { criticalPercent, warnPercent } = plan.capacity
  const percent = level === 'critical' ? criticalPercent : warnPercent
  const at = { field: 'spec.addresses', value: '', restsOn: held.map(({ holder }) => holder) }
  return [{ ...at, code: 'nearly-full', family, counts, level, percent }]
}
