import type { Family } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { familiesOf, poolFinder, type AnnouncedPool } from './announced-pools.ts'
import { aggregationLengths } from './bgp-aggregation.ts'
import { byName } from './by-name.ts'
import type { Finding } from './finding.ts'
import type { LocalPrefs } from './findings/bgp.ts'
import { selectedNodes } from './node-membership.ts'
import { poolEntries } from './pool-entries.ts'

/** Pools of one pair of advertisements, and pairs of one pool, that are told of: an answer carries no more causes. */
const MOST_TOLD = 16

/**
 * Other advertisements that announce one of these pools in blocks of the same size to the same peer from the same node, with
 * another localPref (MetalLB, advertisementsAreCompatible). Only those with another localPref cost more than a look.
 */
export function advertisedLocalPrefs(
  object: BGPAdvertisement,
  announced: readonly AnnouncedPool[],
  view: View
): Finding[] {
  const rivals = otherAdvertisements(object, view).filter(other => other.localPref !== object.localPref)
  if (announced.length === 0 || rivals.length === 0) return []
  const poolsOf = poolFinder(view, object.meta.namespace)
  const nodesOf = nodeNames(view)
  return rivals.flatMap(other => {
    const node = sharePeer(object, other) ? firstCommon(nodesOf(object), nodesOf(other)) : undefined
    if (node === undefined) return []
    const pools = new Set(poolsOf(other))
    return announced
      .filter(({ pool, entries }) => pools.has(pool) && aggregateAlike(object, other, familiesOf(entries)))
      .slice(0, MOST_TOLD)
      .map(({ pool }) => ({
        code: 'local-pref-conflict',
        field: 'spec.localPref',
        value: String(object.localPref),
        ...conflict([object, other], pool, node),
        restsOn: [refOf(other), refOf(pool), { kind: 'Node', namespace: '', name: node }]
      }))
  })
}

/**
 * Pairs of advertisements that contradict one another about this pool. Those that do so about another pool already are passed
 * over: MetalLB's configuration is broken without this one.
 */
export function poolLocalPrefs(
  object: IPAddressPool,
  announcing: readonly BGPAdvertisement[],
  view: View
): Finding[] {
  const families = familiesOf(poolEntries(object))
  const nodesOf = nodeNames(view)
  const field = isNamed(object, announcing) ? 'metadata.name' : 'metadata.labels'
  const value = field === 'metadata.name' ? object.meta.name : ''
  const found: Finding[] = []
  for (const [a, b] of rivalPairs(announcing)) {
    if (found.length === MOST_TOLD) break
    if (!sharePeer(a, b) || !aggregateAlike(a, b, families)) continue
    const node = firstCommon(nodesOf(a), nodesOf(b))
    if (node === undefined || isInConflictAnyway(a, b, object, view)) continue
    const restsOn = [refOf(a), refOf(b), { kind: 'Node', namespace: '', name: node }]
    found.push({ code: 'local-pref-conflict', field, value, ...conflict([a, b], object, node), restsOn })
  }
  return found
}

function conflict(
  [one, other]: readonly [BGPAdvertisement, BGPAdvertisement],
  pool: IPAddressPool,
  sharedNode: string
): LocalPrefs {
  const first = { advertisement: refOf(one), localPref: one.localPref }
  return { ...first, other: refOf(other), otherLocalPref: other.localPref, pool: refOf(pool), sharedNode }
}

function otherAdvertisements({ meta }: BGPAdvertisement, view: View): readonly BGPAdvertisement[] {
  return [...view.list('BGPAdvertisement')]
    .filter(other => other.meta.namespace === meta.namespace && other.meta.name !== meta.name)
    .toSorted(byName)
}

function* rivalPairs(
  advertisements: readonly BGPAdvertisement[]
): Generator<readonly [BGPAdvertisement, BGPAdvertisement], void, undefined> {
  const [first] = advertisements
  if (advertisements.every(({ localPref }) => localPref === first?.localPref)) return
  for (const [i, a] of advertisements.entries())
    for (const b of advertisements.slice(i + 1)) if (a.localPref !== b.localPref) yield [a, b]
}

function isInConflictAnyway(
  a: BGPAdvertisement,
  b: BGPAdvertisement,
  pool: IPAddressPool,
  view: View
): boolean {
  const poolsOf = poolFinder(view, pool.meta.namespace)
  const others = new Set(poolsOf(a).filter(({ meta }) => meta.name !== pool.meta.name))
  return poolsOf(b).some(other => others.has(other) && aggregateAlike(a, b, familiesOf(poolEntries(other))))
}

function isNamed({ meta }: IPAddressPool, announcing: readonly BGPAdvertisement[]): boolean {
  return announcing.every(
    ({ ipAddressPools, ipAddressPoolSelectors }) =>
      ipAddressPoolSelectors.length === 0 || ipAddressPools.includes(meta.name)
  )
}

/** Empty peers are all of them. O(peers). */
function sharePeer(a: BGPAdvertisement, b: BGPAdvertisement): boolean {
  if (a.peers.length === 0 || b.peers.length === 0) return true
  const peers = new Set(a.peers)
  return b.peers.some(peer => peers.has(peer))
}

/** A pool of both families is announced alike unless both lengths differ (MetalLB, isAggrLengthDifferent). */
function aggregateAlike(a: BGPAdvertisement, b: BGPAdvertisement, families: ReadonlySet<Family>): boolean {
  const lengths = [aggregationLengths(a), aggregationLengths(b)] as const
  return [...families].some(family => lengths[0][family] === lengths[1][family])
}

/** The names of the nodes that an advertisement selects, ascending; worked out once each. */
function nodeNames(view: View): (advertisement: BGPAdvertisement) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>()
  return ({ meta, nodeSelectors }) => {
    const names =
      known.get(meta.name) ?? new Set(selectedNodes(nodeSelectors, view).map(node => node.meta.name))
    known.set(meta.name, names)
    return names
  }
}

function firstCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): string | undefined {
  for (const name of a) if (b.has(name)) return name
  return undefined
}
