import type { ObjectRef } from '../kinds/object-ref.ts'
import { nearestName } from '../policy/nearest-name.ts'
import { defineRule } from './rule.ts'

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
    const { namespace } = object.meta
    if (!view.known('IPAddressPool')) return []
    return object.ipAddressPools.flatMap((name, i) => {
      if (view.get('IPAddressPool', namespace, name) !== undefined) return []
      const pool: ObjectRef = { kind: 'IPAddressPool', namespace, name }
      const existing = [...view.list('IPAddressPool')].filter(({ meta }) => meta.namespace === namespace)
      return [
        {
          code: 'unknown-pool' as const,
          field: `spec.ipAddressPools[${i}]`,
          value: name,
          near: nearestName(
            name,
            existing.map(({ meta }) => meta.name)
          ),
          restsOn: [pool]
        }
      ]
    })
  }
})
