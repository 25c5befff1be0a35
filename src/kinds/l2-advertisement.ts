import { decodeAdvertisement, type Advertisement } from './advertisement.ts'
import type { KindDefinition } from './kind-definition.ts'

/** Announces pools by ARP and NDP. `interfaces` empty means all interfaces. */
export interface L2Advertisement extends Advertisement {
  readonly kind: 'L2Advertisement'
  readonly interfaces: readonly string[]
}

export const l2Advertisement: KindDefinition<L2Advertisement> = {
  kind: 'L2Advertisement',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'l2advertisements',
  namespaced: true,
  decode: (object, meta) => ({
    ...decodeAdvertisement(object, meta),
    kind: 'L2Advertisement',
    interfaces: object.at('spec').at('interfaces').strings()
  }),
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
