import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import type { Claim } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

export interface Node {
  readonly kind: 'Node'
  readonly meta: Meta
  /** `status.addresses` of type InternalIP or ExternalIP. */
  readonly addresses: readonly { readonly text: string; readonly field: string }[]
  readonly podCIDRs: readonly string[]
}

export const node: KindDefinition<Node> = {
  kind: 'Node',
  group: '',
  versions: ['v1'],
  resource: 'nodes',
  namespaced: false,
  decode(object, meta) {
    const addresses = object.at('status').at('addresses').items()
    const podCIDR = object.at('spec').at('podCIDR').string()
    const podCIDRs = object.at('spec').at('podCIDRs').strings()
    return {
      kind: 'Node',
      meta,
      addresses: addresses
        .filter(entry => ['InternalIP', 'ExternalIP'].includes(entry.at('type').string()))
        .map(entry => ({ text: entry.at('address').string(), field: entry.at('address').path })),
      podCIDRs: podCIDRs.length > 0 || podCIDR === '' ? podCIDRs : [podCIDR]
    }
  },
  claims(object) {
    const holder = { kind: 'Node', namespace: '', name: object.meta.name }
    const addresses = nodeAddresses(object).map(({ range, field }): Claim => ({
      domain: 'nodes',
      range,
      holder,
      field,
      state: 'stored'
    }))
    const pods = object.podCIDRs.flatMap((text, i): Claim[] => {
      const parsed = parseRange(text, { cidr: true })
      if (!parsed.ok) return []
      return [{ domain: 'pods', range: parsed.range, holder, field: `spec.podCIDRs[${i}]`, state: 'stored' }]
    })
    return [...addresses, ...pods]
  },
  judged: ({ meta, podCIDRs }) => [meta.labels, podCIDRs]
}

/** The node's own addresses as ranges of one address; texts that are no address are left out. */
export function nodeAddresses(object: Node): { readonly range: AddressRange; readonly field: string }[] {
  return object.addresses.flatMap(({ text, field }) => {
    const parsed = parseRange(text, ADDRESS_FORMS)
    return parsed.ok ? [{ range: parsed.range, field }] : []
  })
}
