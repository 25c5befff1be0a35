import type { View } from '../inventory/view.ts'
import type { AddressRange } from '../address/range.ts'
import { subnetDomain, type Claim, type Domain } from '../kinds/claim.ts'
import { claimsOf, refOf, type AnyObject, type KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { allocatableRanges } from '../kinds/subnet.ts'
import type { Vpc } from '../kinds/vpc.ts'
import { attachedSubnets, withVlan } from '../policy/domains.ts'
import type { Plan } from '../policy/plan.ts'
import { addressSpace } from '../rules/static-addresses.ts'
import type { ClaimedRanges, InFlight } from './ledger.ts'

/**
 * The kinds whose objects take addresses that nobody else may have: ranges that somebody gives out, and single addresses that are
 * asked for. Nodes are not among them, which nobody can refuse, nor Services: MetalLB alone gives those addresses, of its pools.
 */
export const GUARDED_KINDS = [
  'IPAddressPool',
  'ServiceCIDR',
  'Subnet',
  'Vpc',
  'OvnEip',
  'IptablesEIP',
  'Vip',
  'SwitchLBRule',
  'VpcEgressGateway'
] as const satisfies readonly KindName[]

export interface GuardContext {
  readonly plan: Plan
  readonly view: View
}

/**
 * What an object takes of address spaces in which two may not take the same. Empty for other kinds, and for addresses of
 * overlay Subnets, which are Kube-OVN's own business. O(claims + Vpcs).
 */
export function guardedClaims(object: AnyObject, context: GuardContext): readonly Claim[] {
  switch (object.kind) {
    case 'IPAddressPool':
    case 'ServiceCIDR':
    case 'SwitchLBRule':
      return claimsOf(object.kind, object)
    case 'Subnet':
      // Of an overlay Subnet only what every node routes to pods meets others.
      return claimsOf('Subnet', object).filter(({ domain }) => object.vlan !== '' || domain === 'pods')
    case 'Vpc':
      return attachedClaims(object, context)
    case 'OvnEip':
      return ofSpace(object.externalSubnet, claimsOf('OvnEip', object), context)
    case 'IptablesEIP':
      return ofSpace(object.externalSubnet, claimsOf('IptablesEIP', object), context)
    case 'Vip':
      return ofSpace(object.subnet, claimsOf('Vip', object), context)
    case 'VpcEgressGateway':
      return ofSpace(object.externalSubnet, claimsOf('VpcEgressGateway', object), context)
    default:
      return []
  }
}

function ofSpace(subnet: string, claims: readonly Claim[], { plan, view }: GuardContext): readonly Claim[] {
  return claims.length === 0 || addressSpace(subnet, plan, view).length === 0 ? [] : claims
}

/**
 * A Vpc makes provider Subnets of those that it is attached to, and brings what they give out into the shared address space. The
 * domain is the nameless one, which is in there whatever the Vpcs are. Of each Subnet, also of one that is not there, it claims besides that
 * it is attached (`concerning`).
 */
function attachedClaims(vpc: Vpc, { plan, view }: GuardContext): readonly Claim[] {
  const holder = refOf(vpc)
  const claim = (domain: Domain, range: AddressRange): Claim => {
    return { domain, range, holder, field: 'spec.extraExternalSubnets', state: 'stored' }
  }
  const names = [...new Set(attachedSubnets(vpc, plan))]
  const given = withVlan(names, view)
    .flatMap(name => view.get('Subnet', '', name) ?? [])
    .flatMap(allocatableRanges)
  return [
    ...given.map(range => claim(subnetDomain(''), range)),
    ...names.map(name => claim(attachedDomain(name), NO_ADDRESS))
  ]
}

/** Stands for no address: a claim has a range, and what is attached is no range. */
const NO_ADDRESS: AddressRange = { family: 4, first: 0n, last: 0n }

/** No rule asks for it, so that Vpcs that attach the same Subnet are not in one another's way. */
function attachedDomain(subnet: string): Domain {
  return `attached:${subnet}`
}

/**
 * Those claims that change what the write itself takes: of a Vpc, claims of the Subnets that it attaches; of a Subnet, those of
 * Vpcs that attach it. Their addresses alone do not tell, for each of the two may be well while the other is not there.
 */
export function concerning(
  claims: readonly InFlight[],
  owner: ObjectRef,
  taken: readonly ClaimedRanges[]
): readonly InFlight[] {
  return claims.filter(other => isAttachedBy(owner, other.taken) || isAttachedBy(other.owner, taken))
}

function isAttachedBy({ kind, name }: ObjectRef, taken: readonly ClaimedRanges[]): boolean {
  return kind === 'Subnet' && taken.some(({ domain }) => domain === attachedDomain(name))
}
