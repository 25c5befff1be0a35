import { refOf, SUBNET_KINDS } from '../kinds/index.ts'
import type { Finding } from './finding.ts'
import { familiesOf, hasFreeAddress } from './free-addresses.ts'
import { effectiveSubnet, isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** An OvnEip, IptablesEIP or Vip that leaves the choice to Kube-OVN finds a free address. */
export const subnetPoolExhausted = defineRule<'OvnEip' | 'IptablesEIP' | 'Vip'>({
  id: 'subnet-pool-exhausted',
  summary: 'The Subnet that an OvnEip, IptablesEIP or Vip takes an address from has a free one.',
  why: 'Kube-OVN answers NoAvailableAddress to itself: the object is stored, has no address, no condition and no event, and gets one when somebody else gives his back.',
  fix: 'Delete what is not used any more, take addresses out of excludeIps, or use another Subnet.',
  example: 'spec: {externalSubnet: external, type: nat} # while all of external is taken',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (getV4RandomAddress)',
    'https://github.com/kubeovn/kube-ovn/issues/4747'
  ],
  on: ['OvnEip', 'IptablesEIP', 'Vip'],
  reads: SUBNET_KINDS,
  defaultAction: 'warn',
  check({ object }, { view, plan, requester }) {
    if (isKubeOvn(requester)) return []
    if ((object.kind === 'OvnEip' ? object.v4Ip : object.v4ip) !== '') return []
    const name =
      object.kind === 'OvnEip'
        ? effectiveSubnet(object, plan)
        : object.kind === 'Vip'
          ? object.subnet
          : object.externalSubnet
    const subnet = name === undefined ? undefined : view.get('Subnet', '', name)
    if (subnet === undefined) return []
    const ref = refOf(subnet)
    const field = object.kind === 'Vip' ? 'spec.subnet' : 'spec.externalSubnet'
    return familiesOf(subnet)
      .filter(family => !hasFreeAddress(subnet, family, view))
      .map((family): Finding => {
        return { code: 'exhausted-subnet', field, value: ref.name, subnet: ref, family, restsOn: [ref] }
      })
  }
})
