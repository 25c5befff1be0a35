import type { View } from '../inventory/view.ts'
import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { AnnouncedPool } from './announced-pools.ts'
import { echoFact, echoingPeers, echoProfiles, firstEchoing, isIPv6, type Echoing } from './bfd-echo.ts'
import type { Finding } from './finding.ts'
import { poolEntries } from './pool-entries.ts'
import type { CheckContext } from './rule.ts'

/** IPv6 that the advertisement brings to native BGP, which has none, or to a peer with BFD echo: one finding a pool. */
export function advertisedIPv6(
  object: BGPAdvertisement,
  announced: readonly AnnouncedPool[],
  { plan, view }: CheckContext
): Finding[] {
  const withIPv6 = announced.flatMap(({ pool, entries, field, value }) => {
    const entry = entries.find(isIPv6)
    return entry === undefined ? [] : [{ pool: refOf(pool), entry: entry.text, at: { field, value } }]
  })
  if (withIPv6.length === 0) return []
  const advertisement = refOf(object)
  const isNative = plan.metallb.bgpType === 'native'
  const native = (isNative ? withIPv6 : []).map(({ pool, entry, at }): Finding => {
    return { ...at, code: 'native-ipv6', advertisement, pool, entry, restsOn: [pool] }
  })
  const echoing = firstEchoing(object, allEchoing(object.meta.namespace, view))
  if (echoing === undefined) return native
  const echo = withIPv6.map(({ pool, at }): Finding => {
    const fact = echoFact(advertisement, pool, echoing)
    return { ...at, ...fact, restsOn: [pool, fact.peer, fact.profile] }
  })
  return [...native, ...echo]
}

/** The same for the IPv6 entries of one pool, one finding each. */
export function poolIPv6(
  object: IPAddressPool,
  announcing: readonly BGPAdvertisement[],
  { plan, view }: CheckContext
): Finding[] {
  const entries = poolEntries(object).filter(isIPv6)
  const [first] = announcing
  if (entries.length === 0 || first === undefined) return []
  const pool = refOf(object)
  const advertisement = refOf(first)
  const isNative = plan.metallb.bgpType === 'native'
  const native = (isNative ? entries : []).map(({ field, text }): Finding => {
    const at = { field, value: text, restsOn: [advertisement] }
    return { ...at, code: 'native-ipv6', advertisement, pool, entry: text }
  })
  const peers = allEchoing(object.meta.namespace, view)
  const echo = announcing.flatMap(by => {
    const echoing = firstEchoing(by, peers)
    return echoing === undefined ? [] : [echoFact(refOf(by), pool, echoing)]
  })[0]
  if (echo === undefined) return native
  const restsOn = [echo.advertisement, echo.peer, echo.profile]
  return [...native, ...entries.map(({ field, text }): Finding => ({ ...echo, field, value: text, restsOn }))]
}

function allEchoing(namespace: string, view: View): ReadonlyMap<string, Echoing> {
  return echoingPeers(echoProfiles(view, namespace), view, namespace)
}
