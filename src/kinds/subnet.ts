import { ADDRESS_FORMS, EXCLUDE_IPS_FORMS, parseRange } from '../address/parse.ts'
import { intersect, rangeSize, subtract, type AddressRange } from '../address/range.ts'
import { subnetDomain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A Kube-OVN Subnet. `cidrBlock` and `gateway` are `v4,v6` when dual-stack; `vlan` is '' for overlay Subnets. */
export interface Subnet {
  readonly kind: 'Subnet'
  readonly meta: Meta
  readonly cidrBlock: string
  readonly gateway: string
  readonly excludeIps: readonly string[]
  readonly vpc: string
  /** The network its addresses are for: `ovn` ('' until Kube-OVN fills it in), else `NAD.NAMESPACE` or `NAD.NAMESPACE.ovn`. */
  readonly provider: string
  readonly vlan: string
  readonly namespaces: readonly string[]
}

export const subnet: KindDefinition<Subnet> = {
  kind: 'Subnet',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'subnets',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      kind: 'Subnet',
      meta,
      cidrBlock: spec.at('cidrBlock').string(),
      gateway: spec.at('gateway').string(),
      excludeIps: spec.at('excludeIps').strings(),
      vpc: spec.at('vpc').string(),
      provider: spec.at('provider').string(),
      vlan: spec.at('vlan').string(),
      namespaces: spec.at('namespaces').strings()
    }
  },
  claims(object) {
    const holder = { kind: 'Subnet', namespace: '', name: object.meta.name }
    return allocatableRanges(object).map(range => ({
      domain: subnetDomain(object.meta.name),
      range,
      holder,
      field: 'spec.cidrBlock',
      state: 'stored'
    }))
  },
  judged: ({ meta: _, ...fields }) => fields
}

/** The prefixes of `spec.cidrBlock`, one per family; parts that do not parse are left out. */
export function subnetPrefixes(object: Subnet): AddressRange[] {
  return object.cidrBlock.split(',').flatMap(text => {
    const parsed = parseRange(text, { cidr: true })
    return parsed.ok ? [parsed.range] : []
  })
}

/** The addresses of `spec.gateway`, as ranges of one address each. */
export function subnetGateways(object: Subnet): AddressRange[] {
  return object.gateway.split(',').flatMap(text => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok ? [parsed.range] : []
  })
}

/** What Kube-OVN may hand out: `cidrBlock` less `excludeIps` and the gateway. */
export function allocatableRanges(object: Subnet): AddressRange[] {
  return subtract(subnetPrefixes(object), [...excludedRanges(object), ...subnetGateways(object)])
}

/** Kube-OVN hands out neither the first nor the last address of a prefix, in both families, except of a /31 or /127. */
export function usableRange(prefix: AddressRange): AddressRange {
  if (rangeSize(prefix) <= 2n) return prefix
  return { ...prefix, first: prefix.first + 1n, last: prefix.last - 1n }
}

/** What Kube-OVN hands out when nobody asks for a certain address; less than what the Subnet claims. */
export function handedOutRanges(object: Subnet): AddressRange[] {
  return intersect(allocatableRanges(object), subnetPrefixes(object).map(usableRange))
}

/** The addresses of `spec.excludeIps`, which Kube-OVN hands out only to who asks for them; texts that do not parse are left out. */
export function excludedRanges(object: Subnet): AddressRange[] {
  return object.excludeIps.flatMap(text => {
    const parsed = parseRange(text, EXCLUDE_IPS_FORMS)
    return parsed.ok ? [parsed.range] : []
  })
}
