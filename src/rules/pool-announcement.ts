import type { View } from '../inventory/view.ts'
import { announces, type Advertisement } from '../kinds/advertisement.ts'
import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { byName } from './by-name.ts'

/**
 * How a pool is announced now: by L2 (maybe by BGP too), by BGP alone, by nothing that exists yet, or `unknown` when an
 * advertisement that would decide it could not be read.
 */
export type Announcement =
  { readonly by: 'l2'; readonly advertisement: ObjectRef } | { readonly by: 'bgp' | 'nothing' | 'unknown' }

/** The advertisement named is the first by name of those that announce the pool by L2. O(advertisements). */
export function announcementOf(pool: IPAddressPool, view: View): Announcement {
  const [l2] = announcing(view.list('L2Advertisement'), pool)
  if (l2 !== undefined) return { by: 'l2', advertisement: refOf(l2) }
  if (!view.known('L2Advertisement')) return { by: 'unknown' }
  if (announcing(view.list('BGPAdvertisement'), pool).length > 0) return { by: 'bgp' }
  return { by: view.known('BGPAdvertisement') ? 'nothing' : 'unknown' }
}

/** Those of the advertisements that announce the pool, by name. O(their names and selectors). */
export function announcing<T extends Advertisement>(
  advertisements: Iterable<T>,
  pool: IPAddressPool
): readonly T[] {
  return [...advertisements].filter(advertisement => announces(advertisement, pool)).toSorted(byName)
}

/** What a pool that nothing announces rests on: that there is no advertisement at all that would. */
export function everyAdvertisement(namespace: string): readonly ObjectRef[] {
  return ['L2Advertisement', 'BGPAdvertisement'].map(kind => ({ kind, namespace, name: '' }))
}
