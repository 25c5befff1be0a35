import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'
import { placed, type ControlPlaneExposure } from './tenant-control-plane.ts'

/** Cluster API's form of a hosted control plane: its provider makes the TenantControlPlane of it, field by field. */
export interface KamajiControlPlane {
  readonly kind: 'KamajiControlPlane'
  readonly meta: Meta
  readonly exposure: ControlPlaneExposure
}

/** What the provider makes of an absent `serviceType` (cluster-api-control-plane-provider-kamaji, api/v1alpha1). */
const DEFAULT_TYPE = 'LoadBalancer'

export const kamajiControlPlane: KindDefinition<KamajiControlPlane> = {
  kind: 'KamajiControlPlane',
  group: 'controlplane.cluster.x-k8s.io',
  versions: ['v1alpha1'],
  resource: 'kamajicontrolplanes',
  namespaced: true,
  decode(object, meta) {
    const network = object.at('spec').at('network')
    return {
      kind: 'KamajiControlPlane',
      meta,
      exposure: {
        serviceType: network.at('serviceType').string(DEFAULT_TYPE),
        loadBalancerClass: network.at('loadBalancerConfig').at('loadBalancerClass').string(),
        ...placed(network.at('serviceAddress'), network.at('serviceAnnotations'))
      }
    }
  },
  claims: () => [],
  judged: ({ exposure }) => exposure
}
