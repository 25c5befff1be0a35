import type { Service } from '../kinds/service.ts'
import type { ServiceClass } from '../policy/plan.ts'
import type { Requester } from '../policy/tenancy.ts'

/** The label under which the KubeVirt CCM keeps the name of the tenant cluster's Service (pkg/provider/loadbalancer.go). */
const MIRRORED_LABEL = 'cluster.x-k8s.io/tenant-service-name'

/**
 * Whom a Service is for. Tenants write labels and ownerReferences as they like, so those count only in writes of the
 * controller that sets them: Kamaji for control planes, the CCM for mirrored Services. All others are `direct`.
 */
export function serviceClassOf({ meta }: Service, { controller }: Requester): ServiceClass {
  if (controller === 'ccm' && meta.labels.has(MIRRORED_LABEL)) return 'mirrored'
  const isControlPlane = meta.ownerReferences.some(
    owner =>
      owner.controller &&
      owner.kind === 'TenantControlPlane' &&
      owner.apiVersion.startsWith('kamaji.clastix.io/') &&
      owner.name === meta.name
  )
  return controller === 'kamaji' && isControlPlane ? 'controlPlane' : 'direct'
}
