import type { View } from '../inventory/view.ts'
import type { Service } from '../kinds/service.ts'
import type { ServiceClass } from '../policy/plan.ts'
import type { Requester } from '../policy/tenancy.ts'

/** The label under which the KubeVirt CCM keeps the name of the tenant cluster's Service (pkg/provider/loadbalancer.go). */
const MIRRORED_LABEL = 'cluster.x-k8s.io/tenant-service-name'

/** Who writes the Service, and what is there. */
export interface ServiceWrite {
  readonly requester: Requester
  readonly view: View
  /** What is stored; undefined on CREATE. */
  readonly oldService: Service | undefined
}

/**
 * Whom a Service is for. Tenants write labels and ownerReferences as they like, so those count only in writes of the
 * controller that sets them: the CCM for mirrored Services, Kamaji for control planes. Kamaji's ownerReference must name the
 * live TenantControlPlane of the Service's own name and namespace, by its uid; then it stays a control plane's in the
 * writes of others too, such as an annotation by hand. All others are `direct`. A class never widens what a tenant has.
 */
export function serviceClassOf(
  service: Service,
  { requester, view, oldService }: ServiceWrite
): ServiceClass {
  const { controller } = requester
  if (controller === 'ccm' && service.meta.labels.has(MIRRORED_LABEL)) return 'mirrored'
  const wasControlPlane = oldService !== undefined && isOfControlPlane(oldService, view)
  if (controller !== 'kamaji' && !wasControlPlane) return 'direct'
  return isOfControlPlane(service, view) ? 'controlPlane' : 'direct'
}

function isOfControlPlane({ meta }: Service, view: View): boolean {
  const { namespace, name } = meta
  return meta.ownerReferences.some(
    owner =>
      owner.controller &&
      owner.kind === 'TenantControlPlane' &&
      owner.apiVersion.startsWith('kamaji.clastix.io/') &&
      owner.name === name &&
      owner.uid === view.get('TenantControlPlane', namespace, name)?.meta.uid
  )
}
