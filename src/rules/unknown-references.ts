import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { loadBalancerAsk } from '../kinds/service.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'

/** Reserved id of what an audit says about references that no rule speaks of; what it says about itself, as rules do. */
export const UNKNOWN_REFERENCE = {
  id: 'unknown-reference',
  summary: 'What the plan, a Vpc or a LoadBalancer Service names exists.',
  why: 'Nothing refuses a name, since the object may come later. Until it does, the Service stays pending, the router gets no gateway port, and tenants get a default that leads nowhere.',
  fix: 'Create the object, or correct the name.',
  see: ['https://metallb.io/usage/#requesting-specific-ips']
} as const

/** An object, or the NetworkPlan, that names what does not exist. */
export interface UnknownReference {
  readonly from: ObjectRef
  readonly finding: Extract<Finding, { code: 'unknown-reference' }>
}

/**
 * References to pools and provider Subnets that do not exist, the plan's own first. Those of advertisements and OvnEips are
 * not among them: rules speak of those. A kind that is not known proves no absence. O(Services + Vpcs).
 */
export function* unknownReferences(view: View, plan: Plan): Generator<UnknownReference> {
  for (const reference of references(view, plan)) {
    const { from, field, to } = reference
    if (!view.known(to.kind) || view.get(to.kind, to.namespace, to.name) !== undefined) continue
    yield { from, finding: { code: 'unknown-reference', field, value: to.name, missing: to, restsOn: [to] } }
  }
}

interface Reference {
  readonly from: ObjectRef
  readonly field: string
  readonly to: ObjectRef & { readonly kind: 'IPAddressPool' | 'Subnet' }
}

function* references(view: View, plan: Plan): Generator<Reference> {
  yield* planReferences(plan)
  for (const service of view.list('Service')) {
    const named = loadBalancerAsk(service, plan.metallb.loadBalancerClass)?.pool
    if (named !== undefined) yield { from: refOf(service), field: named.field, to: pool(named.name, plan) }
  }
  for (const vpc of view.list('Vpc')) {
    if (!vpc.enableExternal) continue
    for (const [i, name] of vpc.extraExternalSubnets.entries())
      yield { from: refOf(vpc), field: `spec.extraExternalSubnets[${i}]`, to: subnet(name) }
  }
}

function* planReferences(plan: Plan): Generator<Reference> {
  const from = { kind: 'NetworkPlan', namespace: '', name: plan.name }
  const { ipAddressPool, ipAddressPoolByClass, externalSubnets = [] } = plan.globalPool
  if (ipAddressPool !== undefined)
    yield { from, field: 'spec.globalPool.ipAddressPool', to: pool(ipAddressPool, plan) }
  for (const [serviceClass, name] of ipAddressPoolByClass)
    yield { from, field: `spec.globalPool.ipAddressPoolByClass.${serviceClass}`, to: pool(name, plan) }
  for (const [i, name] of externalSubnets.entries())
    yield { from, field: `spec.globalPool.externalSubnets[${i}]`, to: subnet(name) }
  for (const [i, tenant] of [...plan.tenancy.tenants.values()].entries()) {
    const at = `spec.tenancy.tenants[${i}]`
    if (tenant.vlan?.exposure === 'ccmProxy')
      yield { from, field: `${at}.vlan.ipAddressPool`, to: pool(tenant.vlan.ipAddressPool, plan) }
    for (const [j, name] of tenant.externalSubnets.entries())
      yield { from, field: `${at}.externalSubnets[${j}]`, to: subnet(name) }
  }
}

function pool(name: string, plan: Plan): Reference['to'] {
  return { kind: 'IPAddressPool', namespace: plan.metallb.namespace, name }
}

function subnet(name: string): Reference['to'] {
  return { kind: 'Subnet', namespace: '', name }
}
