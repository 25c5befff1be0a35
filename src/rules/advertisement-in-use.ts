import type { View } from '../inventory/view.ts'
import type { BFDProfile } from '../kinds/bfd-profile.ts'
import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import type { Community } from '../kinds/community.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { L2Advertisement } from '../kinds/l2-advertisement.ts'
import type { Meta } from '../kinds/meta.ts'
import { refKey, sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { poolFinder } from './announced-pools.ts'
import { byName } from './by-name.ts'
import type { Finding } from './finding.ts'
import { poolEntries } from './pool-entries.ts'
import { defineRule } from './rule.ts'

type Removable = L2Advertisement | BGPAdvertisement | Community | BFDProfile

/** What live Services, or MetalLB's other objects, still need of an advertisement and of what goes with it. */
export const advertisementInUse = defineRule<Removable['kind']>({
  id: 'advertisement-in-use',
  summary:
    'The last advertisement of a pool whose addresses Services have stays, and so does a community or a BFDProfile that is still named.',
  why: 'Services keep addresses of a pool that nothing announces any more, and nobody reaches them. Without a community or a BFDProfile that another object names MetalLB takes no further change of its configuration.',
  fix: 'Announce the pool by another advertisement first; take the name out of the objects that have it first.',
  example: 'kubectl delete l2advertisement -n kmetal-metallb default-l2-adv # the only one of default-pool',
  see: [
    'https://metallb.io/concepts/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (setL2AdvertisementsToPools, peersFor, getCommunityValue)',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/k8s/webhooks/webhookv1beta1/bfdprofile_webhook.go'
  ],
  on: ['L2Advertisement', 'BGPAdvertisement', 'Community', 'BFDProfile'],
  // MetalLB's own webhook refuses this one.
  advisesOn: ['BFDProfile'],
  reads: ['IPAddressPool', 'L2Advertisement', 'BGPAdvertisement', 'BGPPeer', 'Community', 'Service'],
  defaultAction: 'warn',
  checkLoss({ oldObject, object }, { plan, view }) {
    // MetalLB reads nothing of what is elsewhere.
    if (oldObject.meta.namespace !== plan.metallb.namespace) return []
    switch (oldObject.kind) {
      case 'Community':
        return lostAliases(oldObject, object, view)
      case 'BFDProfile':
        return object === undefined ? lostProfile(oldObject, view) : []
      default:
        return lostPools(oldObject, object, view)
    }
  }
})

/** Pools with live Services that nothing else announces. */
function lostPools(
  oldObject: L2Advertisement | BGPAdvertisement,
  object: Removable | undefined,
  view: View
): Finding[] {
  const poolsOf = poolFinder(view, oldObject.meta.namespace)
  const kept = new Set(object !== undefined && 'ipAddressPools' in object ? poolsOf(object) : [])
  const inUse = poolsOf(oldObject)
    .filter(pool => !kept.has(pool))
    .flatMap(pool => {
      const services = servicesOf(pool, view)
      return services.length === 0 ? [] : [{ pool, services }]
    })
  if (inUse.length === 0) return []
  const others = otherAdvertisements(oldObject, view)
  if (others === undefined) return []
  const announced = new Set(others.flatMap(poolsOf))
  const at = placeOf(oldObject, object)
  return inUse
    .filter(({ pool }) => !announced.has(pool))
    .map(({ pool, services }) => {
      const ref = refOf(pool)
      const restsOn = [ref, ...services.slice(0, 1)]
      return { ...at, code: 'last-advertisement', pool: ref, services: services.length, restsOn }
    })
}

/** undefined when one of both kinds could not be read: then nobody knows. */
function otherAdvertisements(
  object: L2Advertisement | BGPAdvertisement,
  view: View
): readonly (L2Advertisement | BGPAdvertisement)[] | undefined {
  if (!view.known('L2Advertisement') || !view.known('BGPAdvertisement')) return undefined
  const self = refOf(object)
  return [...view.list('L2Advertisement'), ...view.list('BGPAdvertisement')].filter(
    other => other.meta.namespace === self.namespace && !sameRef(refOf(other), self)
  )
}

/** The Services that have an address of the pool, each once. O(log Services + hits) an entry. */
function servicesOf(pool: IPAddressPool, view: View): readonly ObjectRef[] {
  const services = new Map<string, ObjectRef>()
  for (const { range } of poolEntries(pool))
    for (const { holder } of view.overlapping(['ingress'], range)) services.set(refKey(holder), holder)
  return [...services.values()]
}

/** Names that this Community alone defined and that advertisements still use. */
function lostAliases(oldObject: Community, object: Removable | undefined, view: View): Finding[] {
  const { namespace, name: self } = oldObject.meta
  const here = ({ meta }: { readonly meta: Meta }) => meta.namespace === namespace
  const others = [...view.list('Community')].filter(other => here(other) && other.meta.name !== self)
  const left = object?.kind === 'Community' ? [...others, object] : others
  const defined = new Set(left.flatMap(({ communities }) => communities.map(({ name }) => name)))
  const lost = new Set(oldObject.communities.map(({ name }) => name).filter(name => !defined.has(name)))
  const users = new Map<string, { readonly by: ObjectRef; count: number }>()
  for (const advertisement of [...view.list('BGPAdvertisement')].filter(here).toSorted(byName)) {
    for (const name of new Set(advertisement.communities)) {
      const known = users.get(name)
      if (known !== undefined) known.count++
      else if (lost.has(name)) users.set(name, { by: refOf(advertisement), count: 1 })
    }
  }
  return [...users].map(([value, { by, count }]) => {
    return { code: 'still-named', field: 'spec.communities', value, by, count, restsOn: [by] }
  })
}

function lostProfile({ meta }: BFDProfile, view: View): Finding[] {
  const { namespace, name } = meta
  const users = [...view.list('BGPPeer')]
    .filter(peer => peer.meta.namespace === namespace && peer.bfdProfile === name)
    .toSorted(byName)
    .map(refOf)
  const [by] = users
  if (by === undefined) return []
  const at = { field: 'metadata.name', value: name }
  return [{ ...at, code: 'still-named', by, count: users.length, restsOn: [by] }]
}

/** Where the write takes the pool away: of the whole object, or of what it selects. */
function placeOf(oldObject: Removable, object: Removable | undefined) {
  return object === undefined
    ? { field: 'metadata.name', value: oldObject.meta.name }
    : { field: 'spec.ipAddressPools', value: '' }
}
