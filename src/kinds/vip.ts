import { addressClaims } from './held-addresses.ts'
import { subnetDomain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** An address of a Subnet that floats between Pods, or that a load balancer answers at. */
export interface Vip {
  readonly kind: 'Vip'
  readonly meta: Meta
  readonly subnet: string
  /** Of the Pods that may answer at it. */
  readonly namespace: string
  readonly v4ip: string
  readonly v6ip: string
  /** The addresses in use; '' until allocated. */
  readonly statusV4ip: string
  readonly statusV6ip: string
  readonly statusMac: string
}

/**
 * Its status is no subresource: whoever may write a Vip writes that too.
 * @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/vip.go
 */
export const vip: KindDefinition<Vip> = {
  kind: 'Vip',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'vips',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    const status = object.at('status')
    return {
      kind: 'Vip',
      meta,
      subnet: spec.at('subnet').string(),
      namespace: spec.at('namespace').string(),
      v4ip: spec.at('v4ip').string(),
      v6ip: spec.at('v6ip').string(),
      statusV4ip: status.at('v4ip').string(),
      statusV6ip: status.at('v6ip').string(),
      statusMac: status.at('mac').string()
    }
  },
  claims(object) {
    const holder = { kind: 'Vip', namespace: '', name: object.meta.name }
    return addressClaims(subnetDomain(object.subnet), holder, [
      { text: object.statusV4ip, field: 'status.v4ip' },
      { text: object.statusV6ip, field: 'status.v6ip' },
      { text: object.v4ip, field: 'spec.v4ip' },
      { text: object.v6ip, field: 'spec.v6ip' }
    ])
  },
  judged: ({ meta: _, ...fields }) => fields
}
