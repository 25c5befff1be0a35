import type { Cursor } from './decode.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** How a hosted control plane is exposed, as far as its Service follows from it. '' and empty where nothing is given. */
export interface ControlPlaneExposure {
  readonly serviceType: string
  readonly address: string
  readonly loadBalancerClass: string
  /** What the Service gets as annotations, verbatim. */
  readonly annotations: ReadonlyMap<string, string>
  /** Where the address and the annotations stand. */
  readonly addressField: string
  readonly annotationsField: string
}

/** A control plane that Kamaji hosts; its Service bears its name in its namespace. */
export interface TenantControlPlane {
  readonly kind: 'TenantControlPlane'
  readonly meta: Meta
  readonly exposure: ControlPlaneExposure
}

/** @see https://kamaji.clastix.io/reference/api/ (kamaji.clastix.io/v1alpha1 TenantControlPlane) */
export const tenantControlPlane: KindDefinition<TenantControlPlane> = {
  kind: 'TenantControlPlane',
  group: 'kamaji.clastix.io',
  versions: ['v1alpha1'],
  resource: 'tenantcontrolplanes',
  namespaced: true,
  decode(object, meta) {
    const spec = object.at('spec')
    const service = spec.at('controlPlane').at('service')
    const network = spec.at('networkProfile')
    const annotations = service.at('additionalMetadata').at('annotations')
    return {
      kind: 'TenantControlPlane',
      meta,
      exposure: {
        serviceType: service.at('serviceType').string(),
        loadBalancerClass: network.at('loadBalancerClass').string(),
        ...placed(network.at('address'), annotations)
      }
    }
  },
  claims: () => [],
  judged: ({ exposure }) => exposure
}

/** Both texts with the fields they stand in. */
export function placed(
  address: Cursor,
  annotations: Cursor
): Pick<ControlPlaneExposure, 'address' | 'annotations' | 'addressField' | 'annotationsField'> {
  return {
    address: address.string(),
    addressField: address.path,
    annotations: annotations.stringMap(),
    annotationsField: annotations.path
  }
}
