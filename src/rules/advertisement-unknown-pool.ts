import type { View } from '../inventory/view.ts'
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
    const unknown = object.ipAddressPools
      .map((name, i) => ({ name, field: `spec.ipAddressPools[${i}]` }))
      .filter(({ name }) => view.get('IPAddressPool', namespace, name) === undefined)
    const existing = unknown.length === 0 ? [] : poolNames(namespace, view)
    return unknown.map(({ name, field }, i) => {
      const pool: ObjectRef = { kind: 'IPAddressPool', namespace, name }
      const near = i < MAX_PROPOSALS ? nearestName(name, existing) : undefined
      return { code: 'unknown-pool' as const, field, value: name, near, restsOn: [pool] }
    })
  }
})

/** Names for which a near one is looked for, O(pools) each: an answer carries no more warnings than this. */
const MAX_PROPOSALS = 16

function poolNames(namespace: string, view: View): readonly string[] {
  return [...view.list('IPAddressPool')]
    .filter(({ meta }) => meta.namespace === namespace)
    .map(({ meta }) => meta.name)
}
