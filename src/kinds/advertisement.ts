import type { Cursor } from './decode.ts'
import { anySelectorMatches, decodeLabelSelector, type LabelSelector } from './label-selector.ts'
import type { IPAddressPool } from './ip-address-pool.ts'
import type { Meta } from './meta.ts'

/** What L2Advertisement and BGPAdvertisement have in common: which pools they announce, from which nodes. */
export interface Advertisement {
  readonly meta: Meta
  readonly ipAddressPools: readonly string[]
  readonly ipAddressPoolSelectors: readonly LabelSelector[]
  /** ORed; empty selects every node. */
  readonly nodeSelectors: readonly LabelSelector[]
  /** Since MetalLB 0.16; ORed, empty selects every Service. */
  readonly serviceSelectors: readonly LabelSelector[]
}

export function decodeAdvertisement(object: Cursor, meta: Meta): Advertisement {
  const spec = object.at('spec')
  return {
    meta,
    ipAddressPools: spec.at('ipAddressPools').strings(),
    ipAddressPoolSelectors: spec.at('ipAddressPoolSelectors').items().map(decodeLabelSelector),
    nodeSelectors: spec.at('nodeSelectors').items().map(decodeLabelSelector),
    serviceSelectors: spec.at('serviceSelectors').items().map(decodeLabelSelector)
  }
}

/**
 * True when the advertisement announces the pool: it names it, one of its selectors matches it, or it has neither names
 * nor selectors (MetalLB internal/config, setL2AdvertisementsToPools). MetalLB looks only in its own namespace.
 */
export function announces(advertisement: Advertisement, pool: IPAddressPool): boolean {
  if (advertisement.meta.namespace !== pool.meta.namespace) return false
  const { ipAddressPools, ipAddressPoolSelectors } = advertisement
  if (ipAddressPools.length === 0 && ipAddressPoolSelectors.length === 0) return true
  return (
    ipAddressPools.includes(pool.meta.name) || anySelectorMatches(ipAddressPoolSelectors, pool.meta.labels)
  )
}
