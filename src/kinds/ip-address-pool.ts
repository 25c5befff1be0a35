import { parseRange, POOL_FORMS } from '../address/parse.ts'
import { largestBlockPrefix, merge, rangeSize, type AddressRange, type Family } from '../address/range.ts'
import type { Claim } from './claim.ts'
import { decodeLabelSelector, type LabelSelector } from './label-selector.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** `spec.serviceAllocation`: namespaces and namespaceSelectors are ORed, serviceSelectors ANDed with them. */
export interface ServiceAllocation {
  readonly namespaces: readonly string[]
  readonly namespaceSelectors: readonly LabelSelector[]
  readonly serviceSelectors: readonly LabelSelector[]
}

/** A MetalLB pool. `serviceAllocation` is absent when the pool is open to every Service. */
export interface IPAddressPool {
  readonly kind: 'IPAddressPool'
  readonly meta: Meta
  readonly addresses: readonly string[]
  readonly autoAssign: boolean
  /** IPv4 addresses that end in .0 or .255 are never given out (MetalLB internal/allocator). */
  readonly avoidBuggyIPs: boolean
  readonly serviceAllocation: ServiceAllocation | undefined
}

/** @see https://metallb.io/apis/ (metallb.io/v1beta1 IPAddressPool; autoAssign defaults to true) */
export const ipAddressPool: KindDefinition<IPAddressPool> = {
  kind: 'IPAddressPool',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'ipaddresspools',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    const allocation = spec.at('serviceAllocation')
    return {
      kind: 'IPAddressPool',
      meta,
      addresses: spec.at('addresses').strings(),
      autoAssign: spec.at('autoAssign').boolean(true),
      avoidBuggyIPs: spec.at('avoidBuggyIPs').boolean(false),
      serviceAllocation: allocation.present
        ? {
            namespaces: allocation.at('namespaces').strings(),
            namespaceSelectors: allocation.at('namespaceSelectors').items().map(decodeLabelSelector),
            serviceSelectors: allocation.at('serviceSelectors').items().map(decodeLabelSelector)
          }
        : undefined
    }
  },
  claims(pool) {
    const holder = { kind: 'IPAddressPool', namespace: pool.meta.namespace, name: pool.meta.name }
    const claims: Claim[] = []
    pool.addresses.forEach((text, i) => {
      const parsed = parseRange(text, POOL_FORMS)
      if (!parsed.ok) return
      claims.push({
        domain: 'metallb',
        range: parsed.range,
        holder,
        field: `spec.addresses[${i}]`,
        state: 'stored'
      })
    })
    return claims
  },
  judged: pool => [
    pool.meta.labels,
    pool.serviceAllocation,
    pool.autoAssign,
    pool.avoidBuggyIPs,
    pool.addresses.filter(text => !parseRange(text, POOL_FORMS).ok),
    pool.addresses.length === 0,
    repeatedAddresses(ipAddressPool.claims(pool).map(claim => claim.range))
  ],
  loses: losesBlocks
}

/** How many addresses the ranges hold more than once, as text since JSON has no such large numbers. */
function repeatedAddresses(ranges: readonly AddressRange[]): string {
  const size = (of: readonly AddressRange[]) => of.reduce((sum, range) => sum + rangeSize(range), 0n)
  return String(size(ranges) - size(merge(ranges)))
}

/** Whether the entry is an IPv4-mapped CIDR such as ::ffff:10.0.0.0/120, which means IPv4. */
export function isMappedCIDR(text: string, range: AddressRange): boolean {
  return range.family === 4 && text.includes(':') && text.includes('/')
}

/** Bits of an IPv4-mapped address before the IPv4 one. */
const MAPPED_BITS = 96

/**
 * The prefix length of the largest block of an entry, as MetalLB counts: it keeps the prefix length of an IPv4-mapped CIDR as
 * it is written, and compares it with IPv4 ones (internal/config, lowestMask).
 */
export function entryPrefix(text: string, range: AddressRange): number {
  return largestBlockPrefix(range) + (isMappedCIDR(text, range) ? MAPPED_BITS : 0)
}

/**
 * Whether some entry has smaller blocks than any had before. Advertisements aggregate to what all entries have, so that a pool
 * which is cut up breaks them though its addresses stay the same.
 */
function losesBlocks(oldObject: IPAddressPool, object: IPAddressPool): boolean {
  const before = narrowestEntries(oldObject)
  return [...narrowestEntries(object)].some(([family, prefix]) => prefix > (before.get(family) ?? prefix))
}

/** The longest of the prefix lengths of entries, by family. */
function narrowestEntries({ addresses }: IPAddressPool): ReadonlyMap<Family, number> {
  const narrowest = new Map<Family, number>()
  for (const text of addresses) {
    const parsed = parseRange(text, POOL_FORMS)
    if (!parsed.ok) continue
    const { family } = parsed.range
    narrowest.set(family, Math.max(narrowest.get(family) ?? 0, entryPrefix(text, parsed.range)))
  }
  return narrowest
}
