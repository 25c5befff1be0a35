import { parseRange, POOL_FORMS } from '../address/parse.ts'
import { merge, rangeSize, type AddressRange } from '../address/range.ts'
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
  ]
}

/** How many addresses the ranges hold more than once, as text since JSON has no such large numbers. */
function repeatedAddresses(ranges: readonly AddressRange[]): string {
  const size = (of: readonly AddressRange[]) => of.reduce((sum, range) => sum + rangeSize(range), 0n)
  return String(size(ranges) - size(merge(ranges)))
}
