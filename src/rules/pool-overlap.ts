import { intersect, type AddressRange } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { refKey, sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { alternativesFor } from './alternative.ts'
import type { Finding } from './finding.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'
import { repeats } from './pool-repeats.ts'
import { defineRule, type RuleContext } from './rule.ts'

/** No address is in two pools, nor twice in one. */
export const poolOverlap = defineRule<'IPAddressPool'>({
  id: 'pool-overlap',
  summary: 'A pool shares no address with another pool, nor with itself.',
  why: 'MetalLB refuses its whole configuration once two pools share an address, and then every later write of a pool or an advertisement; two writers at once get such a pair past its own webhook.',
  fix: 'Take the shared range out of one of the two pools, or use the free range that the denial proposes.',
  example:
    'spec: {addresses: [192.168.1.150-192.168.1.250]} # while default-pool holds 192.168.1.100-192.168.1.200',
  see: [
    'https://metallb.io/configuration/#defining-the-ips-to-assign-to-the-load-balancer-services',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (poolsFor, cidrsOverlap)',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/k8s/webhooks/webhookv1beta1/ipaddresspool_webhook.go'
  ],
  on: ['IPAddressPool'],
  reads: ['IPAddressPool'],
  defaultAction: 'deny',
  check({ object }, context) {
    const entries = poolEntries(object)
    const alternative = alternativesFor(object, context)
    const shared = entries.flatMap(entry =>
      sharedWithOthers(entry, object, context).map(({ other, range }): Finding => ({
        code: 'shares-with',
        field: entry.field,
        value: entry.text,
        range,
        other,
        restsOn: [other],
        ...alternative(entry)
      }))
    )
    return [...shared, ...repeatFindings(entries)]
  }
})

interface Shared {
  readonly other: ObjectRef
  readonly range: AddressRange
}

/**
 * What other pools hold of the entry: one contiguous range each, though several of their entries make it up. A pool left
 * in another namespace gives out nothing (MetalLB reads its own only), and must not stop its own repair.
 */
function sharedWithOthers(entry: PoolEntry, pool: IPAddressPool, { view, plan }: RuleContext): Shared[] {
  const self = refOf(pool)
  const byHolder = new Map<string, { readonly other: ObjectRef; readonly ranges: AddressRange[] }>()
  for (const { holder, range } of view.overlapping(['metallb'], entry.range)) {
    if (sameRef(holder, self) || holder.namespace !== plan.metallb.namespace) continue
    const held = byHolder.get(refKey(holder))
    if (held === undefined) byHolder.set(refKey(holder), { other: holder, ranges: [range] })
    else held.ranges.push(range)
  }
  return [...byHolder.values()].flatMap(({ other, ranges }) =>
    intersect([entry.range], ranges).map(range => ({ other, range }))
  )
}

function repeatFindings(entries: readonly PoolEntry[]): Finding[] {
  return repeats(entries).map(({ entry, earlier, range }) => ({
    code: 'repeats-itself',
    field: entry.field,
    value: entry.text,
    range,
    otherField: earlier.field,
    restsOn: []
  }))
}
