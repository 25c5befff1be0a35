import { merge, rangeSize, type AddressRange, type Family } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Plan } from '../policy/plan.ts'
import { countAddresses, heldAddresses, levelOf } from './address-counts.ts'
import { buggyAddresses } from './buggy-addresses.ts'
import type { Finding } from './finding.ts'
import { poolEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'

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
  /** What a family is like that the write brings into the pool: with the pool itself, both. */
  check({ object, oldObject }, { view, plan }) {
    if (object.meta.namespace !== plan.metallb.namespace) return []
    return FAMILIES.filter(family => rangesOf(oldObject, family).length === 0).flatMap(
      family => unusable(object, family) ?? nearlyFull(object, family, { view, plan })
    )
  },
  /** A family that was there before is told of when it has less to give out now: more of it is never nagged about. */
  checkLoss({ object, oldObject }, { view, plan }) {
    if (object === undefined || object.meta.namespace !== plan.metallb.namespace) return []
    return FAMILIES.filter(family => usableIn(object, family) < usableIn(oldObject, family)).flatMap(
      family => unusable(object, family) ?? nearlyFull(object, family, { view, plan })
    )
  }
})

const FAMILIES: readonly Family[] = [4, 6]

/** Disjoint; empty for no pool. */
function rangesOf(pool: IPAddressPool | undefined, family: Family): readonly AddressRange[] {
  const entries = pool === undefined ? [] : poolEntries(pool)
  return merge(entries.map(({ range }) => range).filter(range => range.family === family))
}

/** How many addresses MetalLB can give out, be they free or not. */
function usableIn(pool: IPAddressPool, family: Family): bigint {
  const buggy = (range: AddressRange) => (pool.avoidBuggyIPs ? buggyAddresses(range) : 0n)
  return rangesOf(pool, family).reduce((sum, range) => sum + rangeSize(range) - buggy(range), 0n)
}

/** undefined when some of the family can be given out, or the pool has none of it. */
function unusable(pool: IPAddressPool, family: Family): readonly Finding[] | undefined {
  if (rangesOf(pool, family).length === 0 || usableIn(pool, family) > 0n) return undefined
  return [{ code: 'nothing-usable', field: 'spec.avoidBuggyIPs', value: 'true', family, restsOn: [] }]
}

function nearlyFull(
  pool: IPAddressPool,
  family: Family,
  { view, plan }: { readonly view: View; readonly plan: Plan }
): readonly Finding[] {
  const ranges = rangesOf(pool, family)
  if (ranges.length === 0) return []
  const counts = countAddresses(ranges, pool.avoidBuggyIPs, heldAddresses(view, ranges))
  const level = levelOf(counts, plan)
  if (level === 'ok' || !view.known('Service')) return []
  const percent = level === 'critical' ? plan.capacity.criticalPercent : plan.capacity.warnPercent
  const holders = ranges.flatMap(range =>
    [...view.overlapping(['ingress'], range)].map(claim => claim.holder)
  )
  return [
    {
      code: 'nearly-full',
      field: 'spec.addresses',
      value: '',
      family,
      counts,
      level,
      percent,
      restsOn: holders
    }
  ]
}
