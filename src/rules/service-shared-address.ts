import { refOf } from '../kinds/index.ts'
import { metallbAnnotation, loadBalancerAsk, sharingKey, type Service } from '../kinds/service.ts'
import { tenancyIn, tenancyRestsOn } from '../policy/tenancy.ts'
import { sameRef } from '../kinds/object-ref.ts'
import { defineRule, type CheckContext } from './rule.ts'
import { serviceLimits } from './service-limits.ts'
import { isSameOwner } from './service-owner.ts'

/** Addresses are shared among the Services of one owner, or more narrowly where policies say so. */
export const serviceSharedAddress = defineRule<'Service'>({
  id: 'service-shared-address',
  summary:
    'A Service shares its address (metallb.io/allow-shared-ip) with no Service of another tenant, and only as far as policies let it (services.sharedAddresses).',
  why: "MetalLB's sharing key knows no namespaces: whoever guesses another tenant's key gets its address, and takes ports on it that the other has not yet.",
  fix: 'Choose a key that no other tenant uses, such as one with a random part; where a policy lets nobody share, take the key out.',
  background: [
    'sharedAddresses: never refuses every key, since the next Service with it would share; withinNamespace refuses one that a Service in another namespace has; withinTenant is what holds without any policy.'
  ],
  example:
    'metadata: {annotations: {metallb.io/allow-shared-ip: shared}} # which a Service of tenant beta has too',
  see: [
    'https://metallb.io/usage/#ip-address-sharing',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (sharingOK)',
    'https://github.com/metallb/metallb/issues/968'
  ],
  on: ['Service'],
  reads: ['Service', 'Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check(subject, context) {
    const { object } = subject
    const { plan, view } = context
    const key = sharingKey(object)
    if (key === '' || loadBalancerAsk(object, plan.metallb.loadBalancerClass) === undefined) return []
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const { sharedAddresses } = said.limits
    const annotation = metallbAnnotation(object.meta.annotations, 'allow-shared-ip')?.key ?? ''
    const at = { field: `metadata.annotations[${annotation}]`, value: key }
    if (sharedAddresses === 'never') return [{ ...at, code: 'sharing-denied', restsOn: said.restsOn }]
    const others = foreignSharers(object, key, sharedAddresses === 'withinNamespace', context)
    const [other] = others
    if (other === undefined) return []
    const { namespace } = other.meta
    const isOwn = isSameOwner(context, tenancyIn(plan, view, namespace))
    const restsOn = [refOf(other), ...said.restsOn, ...tenancyRestsOn(view, namespace)]
    return [{ ...at, code: 'shares-key', other: refOf(other), others: others.length, isOwn, restsOn }]
  }
})

/** The Services of other owners, or namespaces, with this key that take an address from MetalLB, by name. O(Services). */
function foreignSharers(
  object: Service,
  key: string,
  isNamespaceAlone: boolean,
  context: CheckContext
): readonly Service[] {
  const { plan, view } = context
  const self = refOf(object)
  return [...view.list('Service')]
    .filter(other => sharingKey(other) === key && !sameRef(refOf(other), self))
    .filter(other => loadBalancerAsk(other, plan.metallb.loadBalancerClass) !== undefined)
    .filter(
      ({ meta }) =>
        (isNamespaceAlone && meta.namespace !== object.meta.namespace) ||
        !isSameOwner(context, tenancyIn(plan, view, meta.namespace))
    )
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

function nameOf({ meta }: Service): string {
  return `${meta.namespace}/${meta.name}`
}
