import type { View } from '../inventory/view.ts'
import type { BFDProfile } from '../kinds/bfd-profile.ts'
import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import type { BGPPeer } from '../kinds/bgp-peer.ts'
import { refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { poolFinder } from './announced-pools.ts'
import { byName } from './by-name.ts'
import type { Finding } from './finding.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'

/** A peer, and its BFDProfile with echoMode. */
export interface Echoing {
  readonly peer: BGPPeer
  readonly profile: BFDProfile
}

/** The profiles of the namespace with echoMode. */
export function echoProfiles(view: View, namespace: string): readonly BFDProfile[] {
  return [...view.list('BFDProfile')].filter(({ meta, echoMode }) => meta.namespace === namespace && echoMode)
}

/** The peers of the namespace with one of these profiles, by name; none are looked for without profiles. */
export function echoingPeers(
  profiles: readonly BFDProfile[],
  view: View,
  namespace: string
): ReadonlyMap<string, Echoing> {
  if (profiles.length === 0) return new Map()
  const byProfile = new Map(profiles.map(profile => [profile.meta.name, profile]))
  const peers = [...view.list('BGPPeer')].filter(({ meta }) => meta.namespace === namespace).toSorted(byName)
  return new Map(
    peers.flatMap(peer => {
      const profile = byProfile.get(peer.bfdProfile)
      return profile === undefined ? [] : [[peer.meta.name, { peer, profile }] as const]
    })
  )
}

/** The first by name of these peers that the advertisement speaks to. O(its peers). */
export function firstEchoing(
  { peers }: BGPAdvertisement,
  echoing: ReadonlyMap<string, Echoing>
): Echoing | undefined {
  const [first] = peers.length === 0 ? echoing.keys() : peers.filter(name => echoing.has(name)).toSorted()
  return first === undefined ? undefined : echoing.get(first)
}

/** The fact that MetalLB refuses; `bfd-echo-ipv6` in its parts. */
export function echoFact(advertisement: ObjectRef, pool: ObjectRef, { peer, profile }: Echoing) {
  const code = 'bfd-echo-ipv6' as const
  return { code, advertisement, pool, peer: refOf(peer), profile: refOf(profile) }
}

/**
 * The first way, by names, in which these peers, all with BFD echo, are announced IPv6; none or one. `self` is the peer or the
 * profile that is being written.
 */
export function echoOverIPv6(
  self: BGPPeer | BFDProfile,
  peers: ReadonlyMap<string, Echoing>,
  view: View
): Finding[] {
  const { namespace } = self.meta
  const at = SELF[self.kind]
  const advertisements = peers.size === 0 ? [] : view.list('BGPAdvertisement')
  const poolsOf = poolFinder(view, namespace)
  for (const advertisement of [...advertisements].toSorted(byName)) {
    const echoing =
      advertisement.meta.namespace === namespace ? firstEchoing(advertisement, peers) : undefined
    const pool = echoing && poolsOf(advertisement).find(announced => poolEntries(announced).some(isIPv6))
    if (echoing === undefined || pool === undefined) continue
    const fact = echoFact(refOf(advertisement), refOf(pool), echoing)
    const other = self.kind === 'BGPPeer' ? fact.profile : fact.peer
    const value = self.kind === 'BGPPeer' ? self.bfdProfile : 'true'
    return [{ ...fact, field: at, value, restsOn: [fact.advertisement, fact.pool, other] }]
  }
  return []
}

const SELF = { BGPPeer: 'spec.bfdProfile', BFDProfile: 'spec.echoMode' } as const

/** Whether it is an entry of IPv6 addresses. */
export function isIPv6({ range }: PoolEntry): boolean {
  return range.family === 6
}
