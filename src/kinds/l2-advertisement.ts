import { decodeAdvertisement, type Advertisement } from './advertisement.ts'
import type { KindDefinition } from './kind-definition.ts'
import { decodeLabelSelector, type LabelSelector } from './label-selector.ts'

/** Announces pools by ARP and NDP. `interfaces` empty means all interfaces. */
export interface L2Advertisement extends Advertisement {
  readonly kind: 'L2Advertisement'
  readonly interfaces: readonly string[]
  /** Since MetalLB 0.16; which of the selected nodes announce first. */
  readonly preferredNodeSelectors: readonly LabelSelector[]
}

export const l2Advertisement: KindDefinition<L2Advertisement> = {
  kind: 'L2Advertisement',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'l2advertisements',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      ...decodeAdvertisement(object, meta),
      kind: 'L2Advertisement',
      interfaces: spec.at('interfaces').strings(),
      preferredNodeSelectors: spec
        .at('preferredNodeSelectors')
        .items()
        .map(preferred => decodeLabelSelector(preferred.at('preference')))
    }
  },
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
