import { RangeIndex } from '../address/range-index.ts'
import { familySpan, subtract, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { SWITCH_LB_DOMAIN, subnetDomain, type Claim, type Domain } from '../kinds/claim.ts'
import { refOf, SUBNET_KINDS, type Kinds } from '../kinds/index.ts'
import { refKey, sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { allocatableRanges } from '../kinds/subnet.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding, Said } from './finding.ts'
import { ownPorts } from './ports.ts'
import { doubtAbsent, isKubeOvn } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'
import {
  ADDRESS_TAKERS,
  addressSpace,
  isInOverlay,
  spaceRestsOn,
  staticAddresses
} from './static-addresses.ts'
import type { AddressTaker, StaticAddress } from './static-addresses.ts'

/** An address of a provider Subnet that somebody asks for is held by nobody else, of whatever kind. */
export const eipAddressInUse = defineRule<AddressTaker>({
  id: 'eip-address-in-use',
  summary:
    'An address that is asked for of a provider Subnet is held by nobody else: no OvnEip (spec or status), IptablesEIP, Vip, Pod, SwitchLBRule or VpcEgressGateway, no MetalLB pool or Service, no Node, and no range of the plan.',
  why: 'Kube-OVN refuses only what its own allocator knows, after the write was accepted: the object then waits for ever without a condition. What MetalLB, a Node or DHCP has it does not know at all, and two hosts answer for one address.',
  fix: 'Leave the address empty for Kube-OVN to choose, or take the free one that the denial proposes.',
  example: 'spec: {externalSubnet: external, v4Ip: 203.0.113.50} # while OvnEip web holds 203.0.113.50',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/1840',
    'https://github.com/kubeovn/kube-ovn/issues/5680',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (GetStaticAddress)'
  ],
  on: ADDRESS_TAKERS,
  reads: [...SUBNET_KINDS, 'Vpc', 'SwitchLBRule', 'IPAddressPool', 'Service', 'Node', 'ServiceCIDR'],
  defaultAction: 'deny',
  check({ object }, context): readonly Said[] {
    const { view, plan, requester } = context
    if (isKubeOvn(requester)) return []
    const { subnet = '', addresses } = staticAddresses(object, plan, view)
    if (addresses.length === 0) return []
    const domains = addressSpace(subnet, plan, view)
    const proposal = freeAddress(subnet, domains, context)
    const claims = claimsOn(addresses, domains, view)
    const space = spaceRestsOn(plan, view)
    const held = addresses.flatMap(address =>
      holdersOf(address, claims(address.range), object, context).map(({ claim, isPool }): Finding => {
        const restsOn = [claim.holder, ...space(subnetDomain(subnet)), ...space(claim.domain)]
        const at = { field: address.field, value: address.text, restsOn }
        if (isPool) return { ...at, code: 'in-ip-pool', pool: claim.holder, atMost: 'warn' }
        const nearest = proposal(address.range)
        return { ...at, code: 'address-in-use', holder: claim.holder, holderField: claim.field, nearest }
      })
    )
    return [...held, ...doubtAbsent([subnet], view)]
  }
})

/** More than this hold one address only in a cluster that is long broken; one is enough to deny. */
const MOST_HOLDERS = 4

/** With more addresses than these, one look at all claims is cheaper than one an address in each of many domains. */
const FEW = 16

/** Tells the claims on one of these addresses. */
function claimsOn(
  addresses: readonly StaticAddress[],
  domains: readonly Domain[],
  view: View
): (range: AddressRange) => Iterable<Claim> {
  if (addresses.length <= FEW) return range => view.overlapping(domains, range)
  const index = new RangeIndex<Claim>()
  for (const family of [4, 6] as const) {
    if (!addresses.some(({ range }) => range.family === family)) continue
    for (const claim of view.overlapping(domains, familySpan(family))) index.insert(claim.range, claim)
  }
  return range => [...index.overlapping(range)].map(({ value }) => value)
}

interface Held {
  readonly claim: Claim
  /** Held for Pods of some namespaces, of which none may have it yet. */
  readonly isPool: boolean
}

/** Who else holds the address, each once. */
function holdersOf(
  { range }: StaticAddress,
  claims: Iterable<Claim>,
  object: Kinds[AddressTaker],
  { view, plan }: CheckContext
): readonly Held[] {
  const isOwn = ownPorts(object, view)
  const self = refOf(object)
  const held = new Map<string, Held>()
  let isSwitchLBElsewhere: boolean | undefined
  for (const claim of claims) {
    const { holder } = claim
    if (held.size >= MOST_HOLDERS) break
    if (isNobody(holder, plan) || sameRef(holder, self) || held.has(refKey(holder))) continue
    if (holder.kind === 'IP' && isOwn(holder.name)) continue
    if (claim.domain === SWITCH_LB_DOMAIN && (isSwitchLBElsewhere ??= isInOverlay(range, view))) continue
    held.set(refKey(holder), { claim, isPool: holder.kind === 'IPPool' })
  }
  return [...held.values()]
}

/**
 * That Subnets hold an address is what they are for, and where two do is `subnet-overlap`'s to say. MetalLB reads pools in its
 * own namespace only.
 */
function isNobody({ kind, namespace }: ObjectRef, plan: Plan): boolean {
  return kind === 'Subnet' || (kind === 'IPAddressPool' && namespace !== plan.metallb.namespace)
}

/** Tells the free address of the Subnet nearest to another one. Asked about once an address in use, so at most a few times. */
function freeAddress(
  name: string,
  domains: readonly Domain[],
  { proposals: view, plan }: CheckContext
): (near: AddressRange) => AddressRange | undefined {
  const subnet = view.get('Subnet', '', name)
  if (subnet === undefined) return () => undefined
  const within = subtract(
    allocatableRanges(subnet),
    plan.reservedRanges.map(({ range }) => range)
  )
  // The Subnet holds all of them, which is no obstacle.
  return near => view.nearestFree({ domains, within, near, size: 1n, except: refOf(subnet) })
}
