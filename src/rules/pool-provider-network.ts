import { sharesOf } from './pool-shares.ts'
import { defineRule } from './rule.ts'

/** No address is given out by MetalLB and by Kube-OVN both. */
export const poolProviderNetwork = defineRule<'IPAddressPool'>({
  id: 'pool-provider-network',
  summary:
    "A pool holds no address that Kube-OVN gives out: the allocatable part of a provider Subnet (its cidrBlock less excludeIps and gateway), or an OvnEip's.",
  why: 'Neither allocator knows of the other: the same address goes to a Service and to an OvnEip, and the two answer for it in turn.',
  fix: "Use a range outside of the Subnet, or put the pool's range into the Subnet's spec.excludeIps first.",
  example: 'spec: {addresses: [203.0.113.64/27]} # inside Subnet external, 203.0.113.0/24',
  see: [
    'https://kubeovn.github.io/docs/stable/en/advance/with-metallb/',
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go'
  ],
  on: ['IPAddressPool'],
  reads: ['Subnet', 'Vpc', 'OvnEip'],
  defaultAction: 'deny',
  check: ({ object }, context) => sharesOf(object, ['provider', 'external'], context)
})
