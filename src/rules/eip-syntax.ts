import { parseAddress } from '../address/parse.ts'
import type { Family } from '../address/range.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import { defaultSubnet } from '../policy/domains.ts'
import type { Finding } from './finding.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** An OvnEip says what it asks for in the way that Kube-OVN's allocator understands and keeps. */
export const eipSyntax = defineRule<'OvnEip'>({
  id: 'eip-syntax',
  summary:
    'An OvnEip names its Subnet; v4Ip and v6Ip are single addresses of their family, v6Ip in lower case and never without v4Ip; macAddress is one.',
  why: 'Kube-OVN stores what it cannot use: a list or an IPv4-mapped address as it is, v6Ip for nothing, as its allocator reads v4Ip alone. An OvnEip without a Subnet loses its address when the controller restarts, and somebody else gets it.',
  fix: 'Name the provider Subnet; write one address, or leave the field empty for Kube-OVN to choose.',
  example: 'spec: {externalSubnet: external, v4Ip: "203.0.113.50,203.0.113.51"}',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (handleAddOvnEip)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/init.go (InitIPAM)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/webhook/ovn_nat_gateway.go (texts; not registered for OvnEip)'
  ],
  on: ['OvnEip'],
  reads: [],
  defaultAction: 'deny',
  check({ object }, { plan, requester }) {
    if (isKubeOvn(requester)) return []
    return [
      ...subnetFindings(object, defaultSubnet(plan)),
      ...addressFindings('spec.v4Ip', object.v4Ip, 4),
      ...addressFindings('spec.v6Ip', object.v6Ip, 6),
      ...ignoredFindings(object),
      ...macFindings(object)
    ]
  }
})

function subnetFindings({ externalSubnet }: OvnEip, byDefault: string): Finding[] {
  if (externalSubnet !== '') return []
  return [{ code: 'unnamed-subnet', field: 'spec.externalSubnet', value: '', byDefault, restsOn: [] }]
}

function addressFindings(field: string, text: string, family: Family): Finding[] {
  if (text === '') return []
  const at = { field, value: text, restsOn: [] }
  const parsed = parseAddress(text)
  if (!parsed.ok) return [{ ...at, code: 'unparsable-address', problem: parsed.problem }]
  // IPv4-mapped IPv6 reads as IPv4, but Kube-OVN would store the text as it is, in a label too.
  if (parsed.family !== family || (family === 4 && text.includes(':'))) {
    return [{ ...at, code: 'wrong-family', expected: family }]
  }
  return text === text.toLowerCase() ? [] : [{ ...at, code: 'upper-case' }]
}

/** The allocator is handed v4Ip alone; on a dual-stack Subnet it draws the IPv6 address by itself. */
function ignoredFindings({ v4Ip, v6Ip }: OvnEip): Finding[] {
  if (addressFindings('', v6Ip, 6).length > 0 || v6Ip === '') return []
  const at = { code: 'ignored-v6', field: 'spec.v6Ip', value: v6Ip, restsOn: [] } as const
  return [v4Ip === '' ? { ...at, isAlone: true } : { ...at, isAlone: false, atMost: 'warn' }]
}

/** As Kube-OVN writes them: six bytes in hex (IEEE 802, EUI-48). */
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i

function macFindings({ macAddress }: OvnEip): Finding[] {
  if (macAddress === '' || MAC.test(macAddress)) return []
  return [{ code: 'no-mac', field: 'spec.macAddress', value: macAddress, restsOn: [] }]
}
