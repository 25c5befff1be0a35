import { defineRule } from './rule.ts'
import { serviceLimits } from './service-limits.ts'

/** A LoadBalancer Service is of a load balancer that the policies allow. Not the class of service-class.ts. */
export const loadBalancerClass = defineRule<'Service'>({
  id: 'service-class',
  summary:
    "A LoadBalancer Service's loadBalancerClass, or its having none, is one that the policies allow (services.loadBalancerClasses).",
  why: 'The class chooses the controller that gives the address: another one than MetalLB gives addresses that no rule about pools knows.',
  fix: 'Use a class that the denial names. The class of a LoadBalancer cannot be changed later: create it anew.',
  example:
    'spec: {type: LoadBalancer, loadBalancerClass: example.com/cloud} # where a policy says loadBalancerClasses: {allowed: [""]}',
  see: [
    'https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class',
    'https://metallb.io/configuration/_advanced_general_configuration/ (Specify the LoadBalancer class)'
  ],
  on: ['Service'],
  reads: ['Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check(subject, context) {
    const { object } = subject
    if (object.type !== 'LoadBalancer') return []
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const value = object.loadBalancerClass ?? ''
    const { loadBalancerClasses: allowed } = said.limits
    if (allowed === undefined || allowed.includes(value)) return []
    const { restsOn } = said
    return [{ code: 'class-not-allowed', field: 'spec.loadBalancerClass', value, allowed, restsOn }]
  }
})
