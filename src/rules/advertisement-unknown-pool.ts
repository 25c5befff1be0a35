import { defineRule } from './rule.ts'
import { namesAt, unknownNames } from './unknown-names.ts'

/** The pools an advertisement names exist. A warning: pools may be applied after their advertisement. */
export const advertisementUnknownPool = defineRule<'L2Advertisement' | 'BGPAdvertisement'>({
  id: 'advertisement-unknown-pool',
  summary: 'Every pool that an advertisement names exists in its namespace.',
  why: 'MetalLB passes over names it does not know without a word: the Services get their addresses, and nobody announces them.',
  fix: 'Correct the name, or create the pool.',
  example: 'spec: {ipAddressPools: [defualt-pool]}',
  see: [
    'https://metallb.io/configuration/_advanced_l2_configuration/',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/config/config.go (setL2AdvertisementsToPools)'
  ],
  on: ['L2Advertisement', 'BGPAdvertisement'],
  reads: ['IPAddressPool'],
  defaultAction: 'warn',
  check({ object }, { view }) {
    const named = namesAt('spec.ipAddressPools', object.ipAddressPools)
    const unknown = unknownNames('IPAddressPool', object.meta.namespace, named, view)
    return unknown.map(name => ({ ...name, code: 'unknown-pool' as const }))
  }
})
