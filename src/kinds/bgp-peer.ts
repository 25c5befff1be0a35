import { decodeLabelSelector, type LabelSelector } from './label-selector.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/**
 * A router that MetalLB's speakers connect to. 0, '' and false stand for absent fields, as Go reads them. Times are texts
 * as written, such as `90s`; '' when absent.
 */
export interface BGPPeer {
  readonly kind: 'BGPPeer'
  readonly meta: Meta
  readonly myASN: number
  readonly peerASN: number
  readonly dynamicASN: string
  readonly peerAddress: string
  readonly interface: string
  readonly sourceAddress: string
  readonly routerID: string
  readonly holdTime: string
  readonly keepaliveTime: string
  readonly connectTime: string
  readonly nodeSelectors: readonly LabelSelector[]
  readonly hasPassword: boolean
  /** Name of the Secret; '' for none. */
  readonly passwordSecret: string
  readonly bfdProfile: string
  readonly ebgpMultiHop: boolean
  readonly vrf: string
  readonly enableGracefulRestart: boolean
  readonly disableMP: boolean
  readonly dualStackAddressFamily: boolean
  /** Since MetalLB 0.16. */
  readonly localASN: number
}

/** @see https://metallb.io/apis/ (metallb.io/v1beta2 BGPPeer; v1beta1 is converted by the API server) */
export const bgpPeer: KindDefinition<BGPPeer> = {
  kind: 'BGPPeer',
  group: 'metallb.io',
  versions: ['v1beta2'],
  resource: 'bgppeers',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      kind: 'BGPPeer',
      meta,
      myASN: spec.at('myASN').integer() ?? 0,
      peerASN: spec.at('peerASN').integer() ?? 0,
      dynamicASN: spec.at('dynamicASN').string(),
      peerAddress: spec.at('peerAddress').string(),
      interface: spec.at('interface').string(),
      sourceAddress: spec.at('sourceAddress').string(),
      routerID: spec.at('routerID').string(),
      holdTime: spec.at('holdTime').string(),
      keepaliveTime: spec.at('keepaliveTime').string(),
      connectTime: spec.at('connectTime').string(),
      nodeSelectors: spec.at('nodeSelectors').items().map(decodeLabelSelector),
      // Not the password itself: what is not held cannot be logged.
      hasPassword: spec.at('password').string() !== '',
      passwordSecret: spec.at('passwordSecret').at('name').string(),
      bfdProfile: spec.at('bfdProfile').string(),
      ebgpMultiHop: spec.at('ebgpMultiHop').boolean(false),
      vrf: spec.at('vrf').string(),
      enableGracefulRestart: spec.at('enableGracefulRestart').boolean(false),
      disableMP: spec.at('disableMP').boolean(false),
      dualStackAddressFamily: spec.at('dualStackAddressFamily').boolean(false),
      localASN: spec.at('localASN').integer() ?? 0
    }
  },
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
