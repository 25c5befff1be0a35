import { formatRange } from '../address/format.ts'
import { parseRange } from '../address/parse.ts'
import { prefixOf, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { subnetGateways, subnetPrefixes } from '../kinds/subnet.ts'
import { sharedDomains } from '../policy/domains.ts'
import { tenantOfSubnet } from '../policy/grants.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'

export type ReservedReason = Extract<Finding, { code: 'reserved' }>['reason']

/** Addresses nobody may be given, why, and the Subnet object that says so (none for the plan's and the protocol's). */
export interface Reserved {
  readonly range: AddressRange
  readonly reason: ReservedReason
  readonly restsOn: readonly ObjectRef[]
}

type SpecialUse = Extract<
  ReservedReason,
  { by: 'loopback' | 'multicast' | 'link-local' | 'unspecified' | 'limited-broadcast' }
>['by']

/**
 * Addresses that no host may have or that are never routed to one; see also the IANA IPv4 and IPv6 Special-Purpose
 * Address Registries. Documentation ranges (RFC 5737, RFC 3849) are left out on purpose: labs use them.
 */
const SPECIAL_USE: readonly (readonly [SpecialUse, string])[] = [
  ['unspecified', '0.0.0.0/8'], // RFC 1122, 3.2.1.3: "this network", only ever a source
  ['loopback', '127.0.0.0/8'], // RFC 1122, 3.2.1.3
  ['link-local', '169.254.0.0/16'], // RFC 3927, 2.1
  ['multicast', '224.0.0.0/4'], // RFC 5771, 3
  ['limited-broadcast', '255.255.255.255/32'], // RFC 919, 7; RFC 8190, 2.2.1
  ['unspecified', '::/128'], // RFC 4291, 2.5.2
  ['loopback', '::1/128'], // RFC 4291, 2.5.3
  ['link-local', 'fe80::/10'], // RFC 4291, 2.5.6
  ['multicast', 'ff00::/8'] // RFC 4291, 2.7
]

const SPECIAL: readonly Reserved[] = SPECIAL_USE.flatMap(([by, text]) => {
  const parsed = parseRange(text, { cidr: true })
  return parsed.ok ? [{ range: parsed.range, reason: { by }, restsOn: [] }] : []
})

/**
 * All reserved addresses, the most telling reason first: the plan's ranges, then what a known subnet needs for itself
 * (the nodes' subnets, and provider Subnets in the same address space), then the protocol's. They may overlap.
 */
export function reservedRanges(plan: Plan, view: View): readonly Reserved[] {
  const stated = plan.reservedRanges.map(({ range, purpose, owner, text }): Reserved => {
    return { range, reason: { by: 'plan', purpose, owner, text }, restsOn: [] }
  })
  const nodes = (plan.nodeSubnets ?? []).flatMap(({ range, gateway }) =>
    subnetReserves(range, gateway === undefined ? [] : [gateway], [])
  )
  return [...stated, ...nodes, ...providerReserves(plan, view), ...SPECIAL]
}

const SUBNET_DOMAIN = 'subnet:'

function providerReserves(plan: Plan, view: View): Reserved[] {
  return sharedDomains(plan, view).flatMap(domain => {
    if (!domain.startsWith(SUBNET_DOMAIN)) return []
    const subnet = view.get('Subnet', '', domain.slice(SUBNET_DOMAIN.length))
    if (subnet === undefined) return []
    const gateways = subnetGateways(subnet)
    const restsOn = [refOf(subnet), ...attaching(subnet.meta.name, plan, view)]
    return subnetPrefixes(subnet).flatMap(prefix => {
      const own = gateways.filter(({ family }) => family === prefix.family)
      return subnetReserves(prefix, own, restsOn)
    })
  })
}

/** The Vpcs that alone make a Subnet a provider one; none when the plan names it. */
export function attaching(subnet: string, plan: Plan, view: View): ObjectRef[] {
  const isShared = plan.globalPool.externalSubnets?.includes(subnet) ?? false
  if (isShared || tenantOfSubnet(plan, subnet) !== undefined) return []
  return [...view.list('Vpc')]
    .filter(vpc => vpc.enableExternal && vpc.extraExternalSubnets.includes(subnet))
    .map(refOf)
}

function subnetReserves(
  prefix: AddressRange,
  gateways: readonly AddressRange[],
  restsOn: readonly ObjectRef[]
): Reserved[] {
  const subnet = formatRange(prefix)
  return [
    ...gateways.map((range): Reserved => ({ range, reason: { by: 'gateway', subnet }, restsOn })),
    ...edgesOf(prefix).map(({ by, range }): Reserved => ({ range, reason: { by, subnet }, restsOn }))
  ]
}

/**
 * The addresses of a prefix that mean the subnet itself. IPv4: network and broadcast address (RFC 1122, 3.2.1.3), not in a
 * /31 (RFC 3021) or a /32. IPv6: the subnet-router anycast address (RFC 4291, 2.6.1), not in a /127 (RFC 6164) or a /128.
 */
function edgesOf(prefix: AddressRange): { by: 'network' | 'broadcast'; range: AddressRange }[] {
  const { family, first, last } = prefix
  const bits = family === 4 ? 32 : 128
  if ((prefixOf(prefix) ?? bits) >= bits - 1) return []
  const network = { by: 'network', range: { family, first, last: first } } as const
  return family === 6 ? [network] : [network, { by: 'broadcast', range: { family, first: last, last } }]
}
