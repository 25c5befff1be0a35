import { addressClaims } from './held-addresses.ts'
import { subnetDomain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/**
 * An address that Kube-OVN gave to a Pod's interface, a Node or a port of its own. It is named like the port: `POD.NAMESPACE`,
 * or `POD.NAMESPACE.PROVIDER` on a further network.
 */
export interface IP {
  readonly kind: 'IP'
  readonly meta: Meta
  readonly subnet: string
  readonly namespace: string
  readonly podName: string
  readonly v4IpAddress: string
  readonly v6IpAddress: string
}

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/ip.go */
export const ip: KindDefinition<IP> = {
  kind: 'IP',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'ips',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      kind: 'IP',
      meta,
      subnet: spec.at('subnet').string(),
      namespace: spec.at('namespace').string(),
      podName: spec.at('podName').string(),
      v4IpAddress: spec.at('v4IpAddress').string(),
      v6IpAddress: spec.at('v6IpAddress').string()
    }
  },
  claims(object) {
    const holder = { kind: 'IP', namespace: '', name: object.meta.name }
    return addressClaims(subnetDomain(object.subnet), holder, [
      { text: object.v4IpAddress, field: 'spec.v4IpAddress' },
      { text: object.v6IpAddress, field: 'spec.v6IpAddress' }
    ])
  },
  judged: ({ meta: _, ...fields }) => fields
}
