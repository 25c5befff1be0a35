import type { AddressRange, Family } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { Advertisement } from '../kinds/advertisement.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { LabelIndex } from '../kinds/label-index.ts'
import { byName } from './by-name.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'

/**
 * Tells which pools advertisements of this namespace announce, by name; `announces` of kinds/ for many pools at once. The
 * pools are listed and indexed once, when one asks for all or selects some; an advertisement then costs its names and what its
 * selectors match.
 */
export function poolFinder(view: View, namespace: string): (of: Advertisement) => readonly IPAddressPool[] {
  let index: LabelIndex<IPAddressPool> | undefined
  let listed: readonly IPAddressPool[] | undefined
  const all = () =>
    (listed ??= [...view.list('IPAddressPool')]
      .filter(({ meta }) => meta.namespace === namespace)
      .toSorted(byName))
  return ({ ipAddressPools, ipAddressPoolSelectors }) => {
    if (ipAddressPools.length === 0 && ipAddressPoolSelectors.length === 0) return all()
    const named = [...new Set(ipAddressPools)].flatMap(
      name => view.get('IPAddressPool', namespace, name) ?? []
    )
    if (ipAddressPoolSelectors.length === 0) return named.toSorted(byName)
    index ??= new LabelIndex(all())
    return [...new Set([...named, ...index.matchingAny(ipAddressPoolSelectors)])].toSorted(byName)
  }
}

/** A pool that an advertisement announces, with its entries, and the field of the advertisement that says so. */
export interface AnnouncedPool {
  readonly pool: IPAddressPool
  readonly entries: readonly PoolEntry[]
  readonly field: string
  /** The pool's name where the field holds it, else ''. */
  readonly value: string
}

/** The pools of its own namespace that the advertisement announces, by name. */
export function announcedPools(advertisement: Advertisement, view: View): readonly AnnouncedPool[] {
  const { meta, ipAddressPools, ipAddressPoolSelectors } = advertisement
  const places = new Map(ipAddressPools.map((name, i) => [name, i] as const).toReversed())
  const otherwise = ipAddressPoolSelectors.length > 0 ? 'spec.ipAddressPoolSelectors' : 'spec.ipAddressPools'
  return poolFinder(
    view,
    meta.namespace
  )(advertisement).map(pool => {
    const place = places.get(pool.meta.name)
    const at =
      place === undefined
        ? { field: otherwise, value: '' }
        : { field: `spec.ipAddressPools[${place}]`, value: pool.meta.name }
    return { pool, entries: poolEntries(pool), ...at }
  })
}

/** The families that the ranges are of. */
export function familiesOf(ranges: readonly { readonly range: AddressRange }[]): ReadonlySet<Family> {
  return new Set(ranges.map(({ range }) => range.family))
}
