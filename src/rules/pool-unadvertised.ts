import type { View } from '../inventory/view.ts'
import { announces } from '../kinds/advertisement.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { announcementOf, everyAdvertisement } from './pool-announcement.ts'
import { defineRule } from './rule.ts'

/** What a pool gives out is announced by somebody. A warning: advertisements may be applied after their pools. */
export const poolUnadvertised = defineRule<'IPAddressPool'>({
  id: 'pool-unadvertised',
  summary: 'An L2Advertisement or a BGPAdvertisement selects the pool.',
  why: 'MetalLB gives out the addresses of a pool whether or not anybody announces them: the Service shows its EXTERNAL-IP, and nobody can reach it.',
  fix: 'Name the pool in spec.ipAddressPools of an advertisement, or give it a label that one selects.',
  example: 'metadata: {name: pool-b} # while the only advertisement has ipAddressPools: [default-pool]',
  see: [
    'https://metallb.io/configuration/#announce-the-service-ips',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (setL2AdvertisementsToPools, setBGPAdvertisementsToPools)'
  ],
  on: ['IPAddressPool'],
  reads: ['L2Advertisement', 'BGPAdvertisement'],
  defaultAction: 'warn',
  check({ as, object, oldObject }, { view, plan }) {
    const { name, namespace } = object.meta
    if (namespace !== plan.metallb.namespace || announcementOf(object, view).by !== 'nothing') return []
    const lost = as === 'stored' || oldObject === undefined ? undefined : announcing(oldObject, view)
    const restsOn = everyAdvertisement(namespace)
    return lost === undefined
      ? [{ code: 'unadvertised', field: 'metadata.name', value: name, lost, restsOn }]
      : [{ code: 'unadvertised', field: 'metadata.labels', value: '', lost, restsOn: [lost, ...restsOn] }]
  }
})

/** The first by name of the advertisements that announce the pool, L2Advertisements first. O(advertisements). */
function announcing(pool: IPAddressPool, view: View): ObjectRef | undefined {
  return [...view.list('L2Advertisement'), ...view.list('BGPAdvertisement')]
    .filter(advertisement => announces(advertisement, pool))
    .map(refOf)
    .toSorted((a, b) => ((a.kind === b.kind && a.name < b.name) || a.kind > b.kind ? -1 : 1))[0]
}
