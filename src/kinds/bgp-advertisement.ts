import { decodeAdvertisement, type Advertisement } from './advertisement.ts'
import type { KindDefinition } from './kind-definition.ts'

/** Announces pools by BGP; membership of the nodes' subnets is not needed for those. */
export interface BGPAdvertisement extends Advertisement {
  readonly kind: 'BGPAdvertisement'
  /** Prefix length of what is announced for IPv4; undefined when absent: 32. */
  readonly aggregationLength: number | undefined
  /** The same for IPv6; undefined when absent: 128. */
  readonly aggregationLengthV6: number | undefined
  readonly localPref: number
  /** Values such as `64512:1` or `large:64512:1:2`, and names that Community objects define. */
  readonly communities: readonly string[]
  /** Names of BGPPeers; empty: all. */
  readonly peers: readonly string[]
}

export const bgpAdvertisement: KindDefinition<BGPAdvertisement> = {
  kind: 'BGPAdvertisement',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'bgpadvertisements',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      ...decodeAdvertisement(object, meta),
      kind: 'BGPAdvertisement',
      aggregationLength: spec.at('aggregationLength').integer(),
      aggregationLengthV6: spec.at('aggregationLengthV6').integer(),
      localPref: spec.at('localPref').integer() ?? 0,
      communities: spec.at('communities').strings(),
      peers: spec.at('peers').strings()
    }
  },
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
