import { addressClaims, type AddressText } from './held-addresses.ts'
import { subnetDomain } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** Pods through which a Vpc's traffic leaves: each replica takes an address of the external Subnet. */
export interface VpcEgressGateway {
  readonly kind: 'VpcEgressGateway'
  readonly meta: Meta
  readonly externalSubnet: string
  /** At most 10; 1 when absent. */
  readonly replicas: number
  /** Comes before the name of the Deployment, and so of its Pods. */
  readonly prefix: string
  /** The addresses it asks for; empty: whatever is free. */
  readonly externalIPs: readonly AddressText[]
  /** Those its Pods have. */
  readonly statusExternalIPs: readonly AddressText[]
}

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/vpc-egress-gateway.go */
export const vpcEgressGateway: KindDefinition<VpcEgressGateway> = {
  kind: 'VpcEgressGateway',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'vpc-egress-gateways',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    return {
      kind: 'VpcEgressGateway',
      meta,
      externalSubnet: spec.at('externalSubnet').string(),
      replicas: spec.at('replicas').integer() ?? 1,
      prefix: spec.at('prefix').string(),
      externalIPs: addressTexts(spec.at('externalIPs').strings(), 'spec.externalIPs'),
      statusExternalIPs: addressTexts(object.at('status').at('externalIPs').strings(), 'status.externalIPs')
    }
  },
  scaled: (object, replicas) => ({ ...object, replicas }),
  claims(object) {
    const holder = { kind: 'VpcEgressGateway', namespace: object.meta.namespace, name: object.meta.name }
    const addresses = [...object.statusExternalIPs, ...object.externalIPs]
    return addressClaims(subnetDomain(object.externalSubnet), holder, addresses)
  },
  judged: ({ externalSubnet, replicas, externalIPs }) => [externalSubnet, replicas, externalIPs]
}

/** An entry is one address, or `v4,v6` when dual-stack. */
function addressTexts(entries: readonly string[], field: string): readonly AddressText[] {
  return entries.flatMap((entry, i) => entry.split(',').map(text => ({ text, field: `${field}[${i}]` })))
}
