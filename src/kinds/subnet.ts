import { ADDRESS_FORMS, EXCLUDE_IPS_FORMS, parseRange } from '../address/parse.ts'
import { rangeSize, subtract, type AddressRange } from '../address/range.ts'
import { subnetDomain, type Claim, type Domain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A Kube-OVN Subnet. `cidrBlock` and `gateway` are `v4,v6` when dual-stack; `vlan` is '' for overlay Subnets. */
export interface Subnet {
  readonly kind: 'Subnet'
  readonly meta: Meta
  readonly cidrBlock: string
  readonly gateway: string
  readonly excludeIps: readonly string[]
  /** '' until Kube-OVN fills in its default Vpc's, which it does for Subnets of its own provider only. */
  readonly vpc: string
  /** The network its addresses are for: `ovn` ('' until Kube-OVN fills it in) or `NAD.NAMESPACE.ovn`, else another CNI's that only takes its addresses from Kube-OVN. */
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
    const claim = (domain: Domain, range: AddressRange): Claim => {
      return { domain, range, holder, field: 'spec.cidrBlock', state: 'stored' }
    }
    return [
      ...allocatableRanges(object).map(range => claim(subnetDomain(object.meta.name), range)),
      ...podPrefixes(object).map(range => claim('pods', range))
    ]
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

/** Kube-OVN hands out neither the first nor the last address of a prefix, in both families, except of a /31 or /127. */
export function usablePart(prefix: AddressRange): AddressRange {
  if (rangeSize(prefix) <= 2n) return prefix
  return { ...prefix, first: prefix.first + 1n, last: prefix.last - 1n }
}

/** The Vpc of Subnets that name none: Kube-OVN's own default for --cluster-router (pkg/util/const.go). */
export const DEFAULT_VPC = 'ovn-cluster'

/**
 * The prefixes of an overlay Subnet of the default Vpc, one per family: every node routes all of them to pods (the `join`
 * Subnet's to its own port), whatever `excludeIps` says. Empty for all others: a tenant's Vpc has addresses of its own.
 */
export function podPrefixes(object: Subnet): AddressRange[] {
  const { vlan, vpc, provider } = object
  return vlan === '' && ['', DEFAULT_VPC].includes(vpc) && isOvnProvider(provider)
    ? subnetPrefixes(object)
    : []
}

/** As Kube-OVN decides it (pkg/util/subnet.go). */
function isOvnProvider(provider: string): boolean {
  return ['', 'ovn'].includes(provider) || /^[^.]*\.[^.]*\.ovn$/.test(provider)
}

/** The addresses of `spec.gateway`, as ranges of one address each. */
export function subnetGateways(object: Subnet): AddressRange[] {
  return object.gateway.split(',').flatMap(text => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok ? [parsed.range] : []
  })
}

/** What Kube-OVN may hand out: the usable part of `cidrBlock` less `excludeIps` and the gateway. */
export function allocatableRanges(object: Subnet): AddressRange[] {
  const excluded = excludedEntries(object).map(({ range }) => range)
  return subtract(subnetPrefixes(object).map(usablePart), [...excluded, ...subnetGateways(object)])
}

/** The entries of `spec.excludeIps` that are ranges, and where each stands. */
export function excludedEntries(object: Subnet): ExcludedEntry[] {
  return object.excludeIps.flatMap((text, i) => {
    const parsed = parseRange(text, EXCLUDE_IPS_FORMS)
    return parsed.ok ? [{ range: parsed.range, text, field: `spec.excludeIps[${i}]` }] : []
  })
}

/** An entry of `spec.excludeIps`. */
export interface ExcludedEntry {
  readonly range: AddressRange
  readonly text: string
  readonly field: string
}
