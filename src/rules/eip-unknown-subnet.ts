import type { Finding } from './finding.ts'
import { effectiveSubnet, isKubeOvn, NO_DEFAULT_SUBNET, subnetRef } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/**
 * An OvnEip's Subnet exists and has a vlan. One that does not exist yet only warns, as charts create objects in the order
 * of their kinds' names.
 */
export const eipUnknownSubnet = defineRule<'OvnEip'>({
  id: 'eip-unknown-subnet',
  summary: 'An OvnEip takes its address from a Subnet that exists and is a provider subnet (spec.vlan).',
  why: 'Kube-OVN stores any name. Without the Subnet the OvnEip never gets an address, and from a Subnet without a vlan it gets one that nobody outside can reach.',
  fix: 'Name a provider Subnet in spec.externalSubnet, or leave it empty for the default one of the plan.',
  example: 'spec: {externalSubnet: ovn-default, type: nat} # an overlay Subnet',
  see: [
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/',
    'https://github.com/kubeovn/kube-ovn/pull/2695',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (handleAddOvnEip)'
  ],
  on: ['OvnEip'],
  reads: ['Subnet'],
  defaultAction: 'deny',
  check({ object }, { view, plan, requester }) {
    if (isKubeOvn(requester)) return []
    const name = effectiveSubnet(object, plan)
    if (name === undefined) return [NO_DEFAULT_SUBNET]
    if (!view.known('Subnet')) return []
    const subnet = view.get('Subnet', '', name)
    const at = { field: 'spec.externalSubnet', value: name, restsOn: [subnetRef(name)] }
    const said: Finding[] = []
    if (subnet === undefined) said.push({ ...at, code: 'unknown-subnet', subnet: name, atMost: 'warn' })
    else if (subnet.vlan === '') said.push({ ...at, code: 'no-provider-subnet', subnet: name })
    return said
  }
})
