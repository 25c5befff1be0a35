import { decodeAdvertisement, type Advertisement } from './advertisement.ts'
import type { KindDefinition } from './kind-definition.ts'

/** Announces pools by BGP; membership of the nodes' subnets is not needed for those. */
export interface BGPAdvertisement extends Advertisement {
  readonly kind: 'BGPAdvertisement'
}

export const bgpAdvertisement: KindDefinition<BGPAdvertisement> = {
  kind: 'BGPAdvertisement',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'bgpadvertisements',
  namespaced: true,
  decode: (object, meta) => ({ ...decodeAdvertisement(object, meta), kind: 'BGPAdvertisement' }),
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
