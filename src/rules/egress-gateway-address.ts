import { refOf, SUBNET_KINDS } from '../kinds/index.ts'
import { sameRef } from '../kinds/object-ref.ts'
import type { Finding } from './finding.ts'
import { familiesOf, roomIn } from './free-addresses.ts'
import { ownPorts } from './ports.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** The external Subnet of an egress gateway has an address for each of its replicas. */
export const egressGatewayAddress = defineRule<'VpcEgressGateway'>({
  id: 'egress-gateway-address',
  summary:
    'A VpcEgressGateway without externalIPs has no more replicas than its external Subnet has free addresses, whether it is written or scaled.',
  why: 'Each replica takes an address of the provider Subnet, which tenants share with their OvnEips; Pods beyond the last one wait for ever, and whoever needs an OvnEip next waits with them.',
  fix: 'Lower the replicas, give back addresses of the Subnet, or use another Subnet.',
  example: 'spec: {externalSubnet: external, replicas: 6} # while external has 4 free addresses',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/vpc_egress_gateway.go (reconcileVpcEgressGatewayWorkload)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (getV4RandomAddress)'
  ],
  on: ['VpcEgressGateway'],
  reads: SUBNET_KINDS,
  defaultAction: 'deny',
  check({ as, object, oldObject }, { view, requester }) {
    if (isKubeOvn(requester) || object.externalIPs.length > 0) return []
    const isFewer =
      oldObject?.externalSubnet === object.externalSubnet && object.replicas <= oldObject.replicas
    const subnet = view.get('Subnet', '', object.externalSubnet)
    if (subnet === undefined || (isFewer && as === 'new')) return []
    const isOwnPort = ownPorts(object, view)
    const self = refOf(object)
    const ref = refOf(subnet)
    return familiesOf(subnet).flatMap((family): Finding[] => {
      const { free, holders } = roomIn(
        subnet,
        family,
        view,
        holder => sameRef(holder, self) || (holder.kind === 'IP' && isOwnPort(holder.name))
      )
      if (free >= BigInt(object.replicas)) return []
      const at = { field: 'spec.replicas', value: String(object.replicas), restsOn: [ref, ...holders] }
      return [
        { ...at, code: 'no-free-addresses', subnet: ref, family, needed: object.replicas, free: Number(free) }
      ]
    })
  }
})
