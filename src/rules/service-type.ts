import { defineRule } from './rule.ts'
import { serviceLimits } from './service-limits.ts'

/** A Service has a type that the policies allow. */
export const serviceType = defineRule<'Service'>({
  id: 'service-type',
  summary:
    "A Service's type is one that the policies allow (services.allowedTypes); one without a type is a ClusterIP.",
  why: 'A NodePort opens a port on every node, whatever the addresses; a LoadBalancer takes an address; an ExternalName answers for a name that somebody else controls.',
  fix: 'Use one of the types that the denial names.',
  example: 'spec: {type: NodePort} # where a policy says services.allowedTypes: [ClusterIP, LoadBalancer]',
  see: [
    'https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types',
    'https://github.com/open-policy-agent/gatekeeper-library/tree/master/library/general/block-nodeport-services'
  ],
  on: ['Service'],
  reads: ['Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check(subject, context) {
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const { type } = subject.object
    const { allowedTypes } = said.limits
    if (allowedTypes === undefined || allowedTypes.some(allowed => allowed === type)) return []
    const { restsOn } = said
    return [{ code: 'type-not-allowed', field: 'spec.type', value: type, allowed: allowedTypes, restsOn }]
  }
})
