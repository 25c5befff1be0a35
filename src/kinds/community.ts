import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** Names for BGP communities, for BGPAdvertisements to use. */
export interface Community {
  readonly kind: 'Community'
  readonly meta: Meta
  readonly communities: readonly { readonly name: string; readonly value: string }[]
}

/** @see https://metallb.io/apis/ (metallb.io/v1beta1 Community) */
export const community: KindDefinition<Community> = {
  kind: 'Community',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'communities',
  namespaced: true,
  decode(object, meta) {
    const communities = object.at('spec').at('communities').items()
    return {
      kind: 'Community',
      meta,
      communities: communities.map(entry => ({
        name: entry.at('name').string(),
        value: entry.at('value').string()
      }))
    }
  },
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
