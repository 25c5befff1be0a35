import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import { grows } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { poolTooNarrow } from './bgp-aggregation.ts'
import { poolIPv6 } from './bgp-ipv6.ts'
import { poolLocalPrefs } from './bgp-local-pref.ts'
import type { Finding } from './finding.ts'
import { announcing } from './pool-announcement.ts'
import { newFindings } from './ratchet.ts'
import type { CheckContext } from './rule.ts'

/**
 * What the BGPAdvertisements that announce this pool cannot announce of it, whichever was there first. MetalLB's webhook looks
 * when an advertisement is written only (metallb#1577).
 */
export function bgpPoolFindings(object: IPAddressPool, context: CheckContext): Finding[] {
  const { view } = context
  const advertisements = advertisementsOf(object, context)
  if (advertisements.length === 0) return []
  return [
    ...poolTooNarrow(object, advertisements),
    ...poolLocalPrefs(object, advertisements, view),
    ...poolIPv6(object, advertisements, context)
  ]
}

/** Entries that are too narrow since the pool shrank or was cut up: `bgpPoolFindings` is asked about an update that grows alone. */
export function lostBlocks(
  oldObject: IPAddressPool,
  object: IPAddressPool,
  context: CheckContext
): Finding[] {
  if (grows('IPAddressPool', oldObject, object)) return []
  const [now, before] = [object, oldObject].map(pool => poolTooNarrow(pool, advertisementsOf(pool, context)))
  return newFindings(now ?? [], before ?? [])
}

function advertisementsOf(pool: IPAddressPool, { plan, view }: CheckContext): readonly BGPAdvertisement[] {
  // Elsewhere MetalLB reads neither the pool nor the advertisements beside it.
  if (pool.meta.namespace !== plan.metallb.namespace) return []
  return announcing(view.list('BGPAdvertisement'), pool)
}
