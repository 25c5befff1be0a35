import { parseAddress } from '../address/parse.ts'
import { contains, type Family } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import { subnetPrefixes, usablePart, type Subnet } from '../kinds/subnet.ts'
import type { Finding } from './finding.ts'
import { effectiveSubnet, isKubeOvn, NO_DEFAULT_SUBNET } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** Addresses an OvnEip asks for are ones its Subnet can give. An absent Subnet is `eip-unknown-subnet`'s business. */
export const eipOutsideSubnet = defineRule<'OvnEip'>({
  id: 'eip-outside-subnet',
  summary:
    "An OvnEip's v4Ip and v6Ip are single addresses of their family that the Subnet's cidrBlock can give.",
  why: 'Kube-OVN stores the OvnEip and answers AddressOutOfRange to itself for ever: there is no status, no condition and no event. A list, or IPv6 in v4Ip, it stores as it is.',
  fix: 'Choose an address inside the Subnet, neither its first nor its last, or leave the field empty.',
  example: 'spec: {externalSubnet: external, v4Ip: 10.9.9.9} # while external is 10.5.204.0/24',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (GetStaticAddress)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/util/net.go (FirstIP, LastIP)',
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
  const at = { field, value: text, restsOn: [] }
  const parsed = parseAddress(text)
  if (!parsed.ok) return [{ ...at, code: 'unparsable-address', problem: parsed.problem }]
  // IPv4-mapped IPv6 reads as IPv4, but Kube-OVN would store the text as it is, in a label too.
  if (parsed.family !== family || (family === 4 && text.includes(':'))) {
    return [{ ...at, code: 'wrong-family', expected: family }]
  }
  if (subnet === undefined) return []
  const prefixes = subnetPrefixes(subnet)
  const address = { family, first: parsed.value, last: parsed.value }
  if (prefixes.length === 0 || prefixes.some(prefix => contains(usablePart(prefix), address))) return []
  const ref = refOf(subnet)
  return [{ ...at, code: 'outside-subnet', subnet: ref, cidrBlock: subnet.cidrBlock, restsOn: [ref] }]
}
