import { addressClaims } from './held-addresses.ts'
import { subnetDomain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** An external address of a VPC NAT gateway, which is a Pod: the other way out besides OVN's own gateway ports. */
export interface IptablesEIP {
  readonly kind: 'IptablesEIP'
  readonly meta: Meta
  /** Never '': the name Kube-OVN takes when the field is empty stands in. */
  readonly externalSubnet: string
  readonly v4ip: string
  readonly v6ip: string
  readonly natGwDp: string
  /** The IPv4 address in use; '' until allocated. Its status has no IPv6 one. */
  readonly statusIP: string
  readonly statusReady: boolean
}

/** What an empty externalSubnet means (pkg/util/net.go, GetExternalNetwork). It is not written back. */
const DEFAULT_SUBNET = 'ovn-vpc-external-network'

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/iptables-eip.go */
export const iptablesEIP: KindDefinition<IptablesEIP> = {
  kind: 'IptablesEIP',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'iptables-eips',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    const status = object.at('status')
    return {
      kind: 'IptablesEIP',
      meta,
      externalSubnet: spec.at('externalSubnet').string() || DEFAULT_SUBNET,
      v4ip: spec.at('v4ip').string(),
      v6ip: spec.at('v6ip').string(),
      natGwDp: spec.at('natGwDp').string(),
      statusIP: status.at('ip').string(),
      statusReady: status.at('ready').boolean(false)
    }
  },
  claims(eip) {
    const holder = { kind: 'IptablesEIP', namespace: '', name: eip.meta.name }
    return addressClaims(subnetDomain(eip.externalSubnet), holder, [
      { text: eip.statusIP, field: 'status.ip' },
      { text: eip.v4ip, field: 'spec.v4ip' },
      { text: eip.v6ip, field: 'spec.v6ip' }
    ])
  },
  judged: ({ externalSubnet, v4ip, v6ip }) => [externalSubnet, v4ip, v6ip]
}
