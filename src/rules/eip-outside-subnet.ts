import { parseAddress } from '../address/parse.ts'
import { contains, type Family } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import { subnetPrefixes, type Subnet } from '../kinds/subnet.ts'
import type { Finding } from './finding.ts'
import { effectiveSubnet, isKubeOvn, NO_DEFAULT_SUBNET } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** Addresses an OvnEip asks for are its Subnet's. An absent Subnet is `eip-unknown-subnet`'s business. */
export const eipOutsideSubnet = defineRule<'OvnEip'>({
  id: 'eip-outside-subnet',
  summary: "An OvnEip's v4Ip and v6Ip are addresses of the Subnet's cidrBlock.",
  why: 'Kube-OVN stores the OvnEip and answers AddressOutOfRange to itself for ever: there is no status, no condition and no event.',
  fix: 'Choose an address inside the Subnet, or leave the field empty.',
  example: 'spec: {externalSubnet: external, v4Ip: 10.9.9.9} # while external is 10.5.204.0/24',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (GetStaticAddress)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/webhook/ovn_nat_gateway.go (texts; not registered for OvnEip)'
  ],
  on: ['OvnEip'],
  reads: ['Subnet'],
  defaultAction: 'deny',
  check({ object }, { view, plan, requester }) {
    const asked: readonly Asked[] = [
      { field: 'spec.v4Ip', text: object.v4Ip, family: 4 },
      { field: 'spec.v6Ip', text: object.v6Ip, family: 6 }
    ]
    const given = asked.filter(({ text }) => text !== '')
    if (given.length === 0 || isKubeOvn(requester)) return []
    const name = effectiveSubnet(object, plan)
    const subnet = name === undefined ? undefined : view.get('Subnet', '', name)
    const findings = given.flatMap(address => addressFindings(address, subnet))
    return name === undefined ? [...findings, NO_DEFAULT_SUBNET] : findings
  }
})

interface Asked {
  readonly field: string
  readonly text: string
  readonly family: Family
}

function addressFindings({ field, text, family }: Asked, subnet: Subnet | undefined): Finding[] {
  const parsed = parseAddress(text)
  // What is no address of the family is `eip-syntax`'s to speak of.
  if (subnet === undefined || !parsed.ok || parsed.family !== family) return []
  const prefixes = subnetPrefixes(subnet)
  const address = { family, first: parsed.value, last: parsed.value }
  if (prefixes.length === 0 || prefixes.some(prefix => contains(prefix, address))) return []
  const ref = refOf(subnet)
  const at = { field, value: text, restsOn: [ref] }
  return [{ ...at, code: 'outside-subnet', subnet: ref, cidrBlock: subnet.cidrBlock }]
}
