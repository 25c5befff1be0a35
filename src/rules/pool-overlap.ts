import type { Finding } from './finding.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'
import { repeats } from './pool-repeats.ts'
import { sharesOf } from './pool-shares.ts'
import { defineRule } from './rule.ts'

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
    return [...sharesOf(object, ['pool'], context), ...repeatFindings(poolEntries(object))]
  }
})

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
