import type { ObjectRef } from '../kinds/object-ref.ts'
import type { ServiceExposure } from '../policy/exposure.ts'
import { tenancyRestsOn } from '../policy/tenancy.ts'
import type { Unjudged } from './finding.ts'
import type { CheckContext, Subject } from './rule.ts'
import { serviceClassOf } from './service-class.ts'

/** What the policies say about a Service, and the objects by which they apply to it. */
export interface ServiceLimits {
  readonly limits: ServiceExposure
  readonly restsOn: readonly ObjectRef[]
}

/**
 * What the policies say about this Service; why nobody knows, while its Namespace is not known and some policy is not for
 * all. Rules that ask read Namespace, Tenant and TenantControlPlane.
 */
export function serviceLimits(
  { object, oldObject }: Subject<'Service'>,
  { view, requester, tenancy, exposure }: CheckContext
): ServiceLimits | Unjudged {
  const limits = exposure.services
  if (exposure.forAll) return { limits, restsOn: [] }
  if (tenancy.kind === 'unknown') return { code: 'unjudged', because: 'kind-unknown', kind: tenancy.missing }
  const { namespace, name } = object.meta
  const serviceClass = serviceClassOf(object, { requester, view, oldService: oldObject })
  const owner = serviceClass === 'controlPlane' ? [{ kind: 'TenantControlPlane', namespace, name }] : []
  return { limits, restsOn: [...tenancyRestsOn(view, namespace), ...owner] }
}

/** Whether the Service can be reached from outside of the cluster, at addresses of nodes or of its own. */
export function isReachedFromOutside({ type, externalIPs }: Subject<'Service'>['object']): boolean {
  return type === 'LoadBalancer' || type === 'NodePort' || hasExternalIPs({ type, externalIPs })
}

/** Whether its external IPs count: an ExternalName is only a name (kube-proxy, pkg/proxy/util). */
export function hasExternalIPs({
  type,
  externalIPs
}: Pick<Subject<'Service'>['object'], 'type' | 'externalIPs'>): boolean {
  return type !== 'ExternalName' && externalIPs.length > 0
}
