import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A Kube-OVN Vpc: a tenant's router. */
export interface Vpc {
  readonly kind: 'Vpc'
  readonly meta: Meta
  readonly enableExternal: boolean
  readonly extraExternalSubnets: readonly string[]
  readonly namespaces: readonly string[]
  /** `spec.bfdPort.enabled`: the router gets a port `bfd@NAME` with chassis of its own. */
  readonly bfdPort: boolean
}

export const vpc: KindDefinition<Vpc> = {
  kind: 'Vpc',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'vpcs',
  namespaced: false,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      kind: 'Vpc',
      meta,
      enableExternal: spec.at('enableExternal').boolean(false),
      extraExternalSubnets: spec.at('extraExternalSubnets').strings(),
      namespaces: spec.at('namespaces').strings(),
      bfdPort: spec.at('bfdPort').at('enabled').boolean(false)
    }
  },
  claims: () => [],
  judged: ({ meta: _, ...fields }) => fields
}
