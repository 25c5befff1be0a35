import { parseRange, type RangeForms } from '../address/parse.ts'
import { subnetDomain, type Claim } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** Addresses of one Subnet that Kube-OVN keeps for Pods of some namespaces, and gives to nobody else by itself. */
export interface IPPool {
  readonly kind: 'IPPool'
  readonly meta: Meta
  readonly subnet: string
  readonly ips: readonly string[]
  readonly namespaces: readonly string[]
}

/** One address, `a..b` or a CIDR (pkg/util/net.go, ExpandIPPoolAddresses). */
const FORMS: RangeForms = { bare: true, dots: true, cidr: true }

/**
 * Its claims lie inside those of its Subnet, in the same domain: nothing that has to avoid the one could have used the other.
 * @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/ippool.go
 */
export const ipPool: KindDefinition<IPPool> = {
  kind: 'IPPool',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'ippools',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      kind: 'IPPool',
      meta,
      subnet: spec.at('subnet').string(),
      ips: spec.at('ips').strings(),
      namespaces: spec.at('namespaces').strings()
    }
  },
  claims(object) {
    const holder = { kind: 'IPPool', namespace: '', name: object.meta.name }
    return object.ips.flatMap((text, i): Claim[] => {
      const parsed = parseRange(text, FORMS)
      if (!parsed.ok) return []
      const domain = subnetDomain(object.subnet)
      return [{ domain, range: parsed.range, holder, field: `spec.ips[${i}]`, state: 'stored' }]
    })
  },
  judged: ({ meta: _, ...fields }) => fields
}
