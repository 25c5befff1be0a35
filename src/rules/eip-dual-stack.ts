import { refOf } from '../kinds/index.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import { effectiveSubnet, isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** On a dual-stack provider Subnet no OvnEip keeps its IPv6 address for certain. A warning: everything else about it works. */
export const eipDualStack = defineRule<'OvnEip'>({
  id: 'eip-dual-stack',
  summary: 'An OvnEip takes its address from a provider Subnet of one family.',
  why: 'When kube-ovn-controller starts, it reads only status.v4Ip of OvnEips, and draws a new IPv6 address for each on a dual-stack Subnet: its allocator then knows other addresses than the OvnEips have, and hands a live one out again.',
  fix: 'Use one provider Subnet for IPv4 and another one for IPv6. Set the action to deny where IPv6 addresses of OvnEips matter.',
  example: 'spec: {externalSubnet: external-dual} # cidrBlock: 203.0.113.0/24,2001:db8::/64',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/init.go (InitIPAM)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/ipam.go (checkAndAppendIpsForDual)'
  ],
  on: ['OvnEip'],
  reads: ['Subnet'],
  defaultAction: 'warn',
  check({ object }, { view, plan, requester }) {
    if (isKubeOvn(requester)) return []
    const name = effectiveSubnet(object, plan)
    const subnet = name === undefined ? undefined : view.get('Subnet', '', name)
    if (subnet === undefined || new Set(subnetPrefixes(subnet).map(({ family }) => family)).size < 2)
      return []
    const ref = refOf(subnet)
    return [
      { code: 'dual-stack', field: 'spec.externalSubnet', value: ref.name, subnet: ref, restsOn: [ref] }
    ]
  }
})
