import type { View } from '../inventory/view.ts'
import type { OwnerReference } from '../kinds/meta.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
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

/** Whether the live TenantControlPlane of the Service's own name and namespace owns it. */
export function isOfControlPlane(service: Service, view: View): boolean {
  const { namespace, name } = service.meta
  return service.meta.ownerReferences.some(
    owner =>
      isControlPlane(owner, name) && owner.uid === view.get('TenantControlPlane', namespace, name)?.meta.uid
  )
}

/** The TenantControlPlane that a Service says it belongs to, of its own name and namespace; undefined when it says none. */
export function namedControlPlane({ meta }: Service): ObjectRef | undefined {
  const { namespace, name } = meta
  const isNamed = meta.ownerReferences.some(owner => isControlPlane(owner, name))
  return isNamed ? { kind: 'TenantControlPlane', namespace, name } : undefined
}

function isControlPlane(
  { controller, kind, apiVersion, name }: OwnerReference,
  serviceName: string
): boolean {
  return (
    controller &&
    kind === 'TenantControlPlane' &&
    apiVersion.startsWith('kamaji.clastix.io/') &&
    name === serviceName
  )
}
