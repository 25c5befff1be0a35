import { sharesOf } from './pool-shares.ts'
import { defineRule } from './rule.ts'

/** No pool hands out an address that a node has. */
export const poolNodeAddress = defineRule<'IPAddressPool'>({
  id: 'pool-node-address',
  summary: "A pool holds no Node's own address (status.addresses, InternalIP or ExternalIP).",
  why: "Once a Service gets the address, MetalLB's speakers answer ARP or NDP for it: kubelet, SSH and, on a control plane node, the API server are lost. MetalLB's own check, in 0.15.0 only, judged first-last ranges wrongly and was taken back.",
  fix: "Leave the node's address out: the denial names it and the largest part that is free. A cluster of one node whose only address has to serve gets out by an exemption of that pool (ExposurePolicy spec.exemptions, with an expiry) or by actions: {pool-node-address: warn}.",
  example: 'spec: {addresses: [192.168.1.0/28]} # while node1 has 192.168.1.11',
  see: [
    'https://github.com/metallb/metallb/issues/364',
    'https://github.com/metallb/metallb/issues/2779',
    'https://github.com/metallb/metallb/pull/2780',
    'https://github.com/metallb/metallb/issues/1397'
  ],
  on: ['IPAddressPool'],
  reads: ['Node'],
  defaultAction: 'deny',
  check: ({ object }, context) => sharesOf(object, ['node'], context)
})
