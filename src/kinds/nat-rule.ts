import type { Cursor } from './decode.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** What Kube-OVN's kinds that put an OvnEip to use have in common. '' stands for absent fields. */
export interface NatRule {
  readonly meta: Meta
  /** The name of the OvnEip whose address it translates. */
  readonly ovnEip: string
  /** The Vpc it is for, when it says so; Kube-OVN else takes that of the internal address. */
  readonly vpc: string
}

/** The definition of one of them: cluster-scoped, with `spec.ovnEip` and `spec.vpc`. It holds no address of its own. */
export function natRuleKind<K extends string>(
  kind: K,
  resource: string
): KindDefinition<NatRule & { readonly kind: K }> {
  return {
    kind,
    group: 'kubeovn.io',
    versions: ['v1'],
    resource,
    namespaced: false,
    decode: (object, meta) => ({ kind, ...decodeNatRule(object, meta) }),
    claims: () => [],
    // Labels, since a plan may read off them whose it is.
    judged: ({ ovnEip, vpc, meta }) => [ovnEip, vpc, meta.labels]
  }
}

function decodeNatRule(object: Cursor, meta: Meta): NatRule {
  const spec = object.at('spec')
  return { meta, ovnEip: spec.at('ovnEip').string(), vpc: spec.at('vpc').string() }
}
