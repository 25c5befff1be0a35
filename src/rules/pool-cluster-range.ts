import { refOf } from '../kinds/index.ts'
import { serviceRanges, type ServiceCIDR } from '../kinds/service-cidr.ts'
import { podPrefixes, type Subnet } from '../kinds/subnet.ts'
import type { Finding } from './finding.ts'
import { heldBy, occupiedBy } from './occupied.ts'
import { sharesOf } from './pool-shares.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** No pool lies where the cluster's own Services and pods are, whichever of the two is written last. */
export const poolClusterRange = defineRule<'IPAddressPool' | 'ServiceCIDR' | 'Subnet'>({
  id: 'pool-cluster-range',
  summary:
    "A pool lies outside of the cluster's own ranges: ServiceCIDRs, podCIDRs of Nodes, overlay Subnets of Kube-OVN's default Vpc, and the plan's clusterRanges; nor does such a range come to cover a pool.",
  why: 'The nodes route these ranges to ClusterIPs and pods themselves: a Service with an address among them takes the traffic of a pod or another Service, or gets none.',
  fix: "Choose a range outside, or move the cluster's. A tenant's own Vpc may have the same addresses: they never leave it.",
  example: 'spec: {addresses: [10.96.0.0/24]} # inside ServiceCIDR kubernetes, 10.96.0.0/16',
  see: [
    'https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/',
    'https://kubernetes.io/docs/concepts/cluster-administration/networking/',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/subnet.go (formatSubnet)'
  ],
  on: ['IPAddressPool', 'ServiceCIDR', 'Subnet'],
  reads: ['ServiceCIDR', 'Node', 'Subnet', 'IPAddressPool'],
  defaultAction: 'deny',
  check({ object }, context) {
    return object.kind === 'IPAddressPool'
      ? sharesOf(object, ['services', 'pods'], context)
      : coveredPools(object, context)
  }
})

function coveredPools(object: ServiceCIDR | Subnet, context: CheckContext): Finding[] {
  // It makes the Subnets of its own configuration when it starts, and stops for good when it cannot.
  if (isKubeOvn(context.requester)) return []
  const pools = occupiedBy({ uses: ['pool'] }, context)
  const isOwn = heldBy(refOf(object))
  return clusterRanges(object).flatMap(({ range, field, value }) =>
    [...pools(range, isOwn)].map(shared => ({ ...shared, code: 'covers-pool' as const, field, value }))
  )
}

/** The ranges that the nodes route for it: all of a ServiceCIDR, of Subnets only those of the default Vpc's overlay. */
function clusterRanges(object: ServiceCIDR | Subnet) {
  return object.kind === 'ServiceCIDR'
    ? serviceRanges(object).map(({ range, text, field }) => ({ range, field, value: text }))
    : podPrefixes(object).map(range => ({ range, field: 'spec.cidrBlock', value: object.cidrBlock }))
}
