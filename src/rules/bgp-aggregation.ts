import { formatEntry } from '../address/format.ts'
import type { Family } from '../address/range.ts'
import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import { refOf } from '../kinds/index.ts'
import { entryPrefix, isMappedCIDR, type IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { AnnouncedPool } from './announced-pools.ts'
import type { Finding } from './finding.ts'
import { poolEntries, type PoolEntry } from './pool-entries.ts'

type Lengths = Readonly<Record<Family, number>>

/** What is announced without a word about it: each address by itself (MetalLB's CRD). */
export const DEFAULT_LENGTHS: Lengths = { 4: 32, 6: 128 }

export const LENGTH_FIELDS = { 4: 'spec.aggregationLength', 6: 'spec.aggregationLengthV6' } as const

/** The prefix lengths of what the advertisement announces. */
export function aggregationLengths(advertisement: BGPAdvertisement): Lengths {
  const { aggregationLength, aggregationLengthV6 } = advertisement
  return { 4: aggregationLength ?? DEFAULT_LENGTHS[4], 6: aggregationLengthV6 ?? DEFAULT_LENGTHS[6] }
}

/** Entries of announced pools that have no block as large as those that are announced. O(entries). */
export function advertisedTooWide(object: BGPAdvertisement, announced: readonly AnnouncedPool[]): Finding[] {
  return announced.flatMap(({ pool, entries, field, value }) =>
    entries.flatMap(entry => {
      const length = aggregationLengths(object)[entry.range.family]
      const facts = tooWide(object, pool, entry)
      if (facts === undefined) return []
      const isDefault = length === DEFAULT_LENGTHS[entry.range.family]
      const at = isDefault
        ? { field, value }
        : { field: LENGTH_FIELDS[entry.range.family], value: String(length) }
      return [{ ...facts, ...at, restsOn: [refOf(pool)] }]
    })
  )
}

/**
 * The same for one pool, each entry held against the advertisement that aggregates most: the entry fits all of them if it
 * fits that one. O(entries + advertisements).
 */
export function poolTooNarrow(pool: IPAddressPool, announcing: readonly BGPAdvertisement[]): Finding[] {
  const widest = { 4: widestFor(4, announcing), 6: widestFor(6, announcing) }
  return poolEntries(pool).flatMap(entry => {
    const advertisement = widest[entry.range.family]
    const facts = advertisement && tooWide(advertisement, pool, entry)
    if (advertisement === undefined || facts === undefined) return []
    return [{ ...facts, field: entry.field, value: entry.text, restsOn: [refOf(advertisement)] }]
  })
}

function widestFor(
  family: Family,
  advertisements: readonly BGPAdvertisement[]
): BGPAdvertisement | undefined {
  return advertisements.reduce<BGPAdvertisement | undefined>((widest, next) => {
    const isWider =
      widest === undefined || aggregationLengths(next)[family] < aggregationLengths(widest)[family]
    return isWider ? next : widest
  }, undefined)
}

/** MetalLB takes an entry when the largest of its blocks is at least as large as what is announced (validateBGPAdvPerPool). */
function tooWide(advertisement: BGPAdvertisement, pool: IPAddressPool, entry: PoolEntry) {
  const length = aggregationLengths(advertisement)[entry.range.family]
  const prefix = entryPrefix(entry.text, entry.range)
  if (length >= prefix) return undefined
  return {
    code: 'aggregation-too-wide' as const,
    advertisement: refOf(advertisement),
    length,
    pool: refOf(pool),
    poolField: entry.field,
    entry: entry.text,
    prefix,
    unmapped: isMappedCIDR(entry.text, entry.range) ? formatEntry(entry.range) : undefined
  }
}
