import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import { contains, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { SWITCH_LB_DOMAIN, subnetDomain, type Domain } from '../kinds/claim.ts'
import type { AddressText } from '../kinds/held-addresses.ts'
import type { Kinds } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import { sharedDomains } from '../policy/domains.ts'
import type { Plan } from '../policy/plan.ts'
import { effectiveSubnet, subnetRef } from './provider-subnets.ts'
import { attaching } from './reserved-ranges.ts'

/** The kinds that may ask for a certain address of a provider Subnet. */
export type AddressTaker = 'OvnEip' | 'IptablesEIP' | 'Vip' | 'SwitchLBRule' | 'VpcEgressGateway'
export const ADDRESS_TAKERS: readonly AddressTaker[] = [
  'OvnEip',
  'IptablesEIP',
  'Vip',
  'SwitchLBRule',
  'VpcEgressGateway'
]

/** One address that an object asks for. */
export interface StaticAddress extends AddressText {
  readonly range: AddressRange
}

/** What an object asks for, and of which Subnet; undefined when it names none and the plan states no default. */
export interface StaticAddresses {
  readonly subnet: string | undefined
  readonly addresses: readonly StaticAddress[]
}

/** The addresses an object asks for. Texts that are no address are left out, and all when no Subnet is meant. */
export function staticAddresses(object: Kinds[AddressTaker], plan: Plan, view: View): StaticAddresses {
  switch (object.kind) {
    case 'OvnEip':
      return {
        subnet: effectiveSubnet(object, plan),
        addresses: readable([
          { text: object.v4Ip, field: 'spec.v4Ip' },
          { text: object.v6Ip, field: 'spec.v6Ip' }
        ])
      }
    case 'IptablesEIP':
      return addressesOf(object.externalSubnet, bothFamilies(object))
    case 'Vip':
      return addressesOf(object.subnet, bothFamilies(object))
    case 'VpcEgressGateway':
      return addressesOf(object.externalSubnet, object.externalIPs)
    case 'SwitchLBRule': {
      const [address] = readable([{ text: object.vip, field: 'spec.vip' }])
      const subnet = address === undefined ? '' : vlanSubnetOf(address.range, view)
      return addressesOf(subnet, [{ text: object.vip, field: 'spec.vip' }])
    }
  }
}

function bothFamilies({ v4ip, v6ip }: Pick<Kinds['Vip'], 'v4ip' | 'v6ip'>): readonly AddressText[] {
  return [
    { text: v4ip, field: 'spec.v4ip' },
    { text: v6ip, field: 'spec.v6ip' }
  ]
}

function addressesOf(subnet: string, texts: readonly AddressText[]): StaticAddresses {
  return subnet === '' ? { subnet: undefined, addresses: [] } : { subnet, addresses: readable(texts) }
}

function readable(texts: readonly AddressText[]): readonly StaticAddress[] {
  return texts.flatMap(({ text, field }) => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok ? [{ text, field, range: parsed.range }] : []
  })
}

/** Whether an overlay Subnet holds the address, so that whoever names no Subnet may mean that one. O(Subnets). */
export function isInOverlay(address: AddressRange, view: View): boolean {
  return subnetsWith(address, view).some(({ vlan }) => vlan === '')
}

/** The Subnet with a vlan that the address is of; '' when there is none, or when an overlay Subnet holds it too. O(Subnets). */
function vlanSubnetOf(address: AddressRange, view: View): string {
  const subnets = subnetsWith(address, view)
  return subnets.some(({ vlan }) => vlan === '') ? '' : (subnets[0]?.meta.name ?? '')
}

function subnetsWith(address: AddressRange, view: View): readonly Kinds['Subnet'][] {
  return [...view.list('Subnet')].filter(subnet =>
    subnetPrefixes(subnet).some(prefix => contains(prefix, address))
  )
}

/**
 * The domains in which nobody else may hold an address of this Subnet: all of the shared address space, or its own when it is
 * another VLAN's or does not exist yet. Empty for overlay Subnets, whose addresses are Kube-OVN's own business. O(Vpcs).
 */
export function addressSpace(subnet: string, plan: Plan, view: View): readonly Domain[] {
  const own = subnetDomain(subnet)
  const shared = sharedDomains(plan, view)
  if (shared.includes(own)) return [...shared, 'ingress', SWITCH_LB_DOMAIN]
  return view.get('Subnet', '', subnet)?.vlan === '' ? [] : [own]
}

/**
 * Tells what `addressSpace` rests on for the Subnet of a domain: the Subnet, and the Vpcs that alone make it a provider one. O(1)
 * each after `attaching`.
 */
export function spaceRestsOn(plan: Plan, view: View): (domain: Domain) => readonly ObjectRef[] {
  const prefix = subnetDomain('')
  const attachedTo = attaching(plan, view)
  return domain => {
    const name = domain.startsWith(prefix) ? domain.slice(prefix.length) : ''
    return name === '' ? [] : [subnetRef(name), ...attachedTo(name)]
  }
}
