import { parseRange } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import type { Claim } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A range of ClusterIPs (networking.k8s.io; v1 since Kubernetes 1.33, v1beta1 before). */
export interface ServiceCIDR {
  readonly kind: 'ServiceCIDR'
  readonly meta: Meta
  readonly cidrs: readonly string[]
}

export const serviceCIDR: KindDefinition<ServiceCIDR> = {
  kind: 'ServiceCIDR',
  group: 'networking.k8s.io',
  versions: ['v1', 'v1beta1'],
  resource: 'servicecidrs',
  namespaced: false,
  decode: (object, meta) => ({ kind: 'ServiceCIDR', meta, cidrs: object.at('spec').at('cidrs').strings() }),
  claims(object) {
    const holder = { kind: 'ServiceCIDR', namespace: '', name: object.meta.name }
    return serviceRanges(object).map(({ range, field }): Claim => {
      return { domain: 'services', range, holder, field, state: 'stored' }
    })
  },
  judged: ({ cidrs }) => cidrs
}

/** The ranges with their texts and fields; texts that are no CIDR are left out. */
export function serviceRanges({
  cidrs
}: ServiceCIDR): { readonly range: AddressRange; readonly text: string; readonly field: string }[] {
  return cidrs.flatMap((text, i) => {
    const parsed = parseRange(text, { cidr: true })
    return parsed.ok ? [{ range: parsed.range, text, field: `spec.cidrs[${i}]` }] : []
  })
}
