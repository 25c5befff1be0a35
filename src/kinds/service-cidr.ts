import { parseRange } from '../address/parse.ts'
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
    return object.cidrs.flatMap((text, i): Claim[] => {
      const parsed = parseRange(text, { cidr: true })
      if (!parsed.ok) return []
      return [{ domain: 'services', range: parsed.range, holder, field: `spec.cidrs[${i}]`, state: 'stored' }]
    })
  },
  judged: ({ cidrs }) => cidrs
}
