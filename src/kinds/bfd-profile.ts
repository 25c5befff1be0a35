import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** The numbers of a BFDProfile, by their names in spec. */
export const BFD_NUMBERS = [
  'detectMultiplier',
  'receiveInterval',
  'transmitInterval',
  'minimumTtl',
  'echoInterval'
] as const
export type BFDNumber = (typeof BFD_NUMBERS)[number]

/** How MetalLB's speakers watch over a BGP session. `numbers` holds those that are given. */
export interface BFDProfile {
  readonly kind: 'BFDProfile'
  readonly meta: Meta
  readonly numbers: ReadonlyMap<BFDNumber, number>
  readonly echoMode: boolean
}

/** @see https://metallb.io/apis/ (metallb.io/v1beta1 BFDProfile) */
export const bfdProfile: KindDefinition<BFDProfile> = {
  kind: 'BFDProfile',
  group: 'metallb.io',
  versions: ['v1beta1'],
  resource: 'bfdprofiles',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    const numbers = BFD_NUMBERS.flatMap(name => {
      const value = spec.at(name).integer()
      return value === undefined ? [] : [[name, value] as const]
    })
    return {
      kind: 'BFDProfile',
      meta,
      numbers: new Map(numbers),
      echoMode: spec.at('echoMode').boolean(false)
    }
  },
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
