import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import { refKey, sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { loadBalancerAsk, sharingKey, type Service } from '../kinds/service.ts'
import { tenancyIn, tenancyRestsOn } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { defineRule, type CheckContext } from './rule.ts'
import { isSameOwner } from './service-owner.ts'

/** A Service asks for no address that somebody else has. */
export const serviceAddressInUse = defineRule<'Service'>({
  id: 'service-address-in-use',
  summary:
    "A LoadBalancer Service asks for no address that another tenant's Service holds, or a node; one's own is a warning.",
  why: 'MetalLB leaves the Service pending while the address is held, and gives it over the moment it is let go: whoever waits for an address takes it over with its clients.',
  fix: 'Ask for another address, or for none. To move an address between Services, delete the one that has it first.',
  example:
    'metadata: {annotations: {metallb.io/loadBalancerIPs: 192.168.1.105}} # which Service beta-web/shop holds',
  see: [
    'https://metallb.io/usage/#requesting-specific-ips',
    'https://github.com/metallb/metallb/blob/v0.15.2/internal/allocator/allocator.go (checkSharing)'
  ],
  on: ['Service'],
  reads: ['Service', 'Node', 'Namespace', 'Tenant'],
  defaultAction: 'deny',
  check({ object }, context) {
    const ask = loadBalancerAsk(object, context.plan.metallb.loadBalancerClass)
    return (ask?.addresses ?? []).slice(0, MOST_JUDGED).flatMap(request => heldBy(object, request, context))
  }
})

/** MetalLB takes two at most; a Service may list thousands. */
const MOST_JUDGED = 16

function heldBy(
  object: Service,
  { text, field }: { readonly text: string; readonly field: string },
  context: CheckContext
): Finding[] {
  const parsed = parseRange(text, ADDRESS_FORMS)
  if (!parsed.ok) return []
  const { view } = context
  const claims = [...view.overlapping(['ingress', 'nodes'], parsed.range)]
  const holders = new Map(claims.map(({ holder }) => [refKey(holder), holder]))
  return [...holders.values()]
    .filter(holder => !sameRef(holder, refOf(object)) && !isSharedWith(object, holder, view))
    .map((other): Finding => {
      const isOwn =
        other.kind === 'Service' && isSameOwner(context, tenancyIn(context.plan, view, other.namespace))
      const owners = other.kind === 'Service' ? tenancyRestsOn(view, other.namespace) : []
      return {
        code: 'held-by',
        field,
        value: text,
        other,
        isOwn,
        restsOn: [other, ...owners],
        ...(isOwn ? { atMost: 'warn' as const } : {})
      }
    })
}

/**
 * Whether MetalLB lets both have the address: one sharing key, one set of backends where traffic stays on the node, and no
 * port in common. Who may share with whom is service-shared-address's to say.
 */
function isSharedWith(object: Service, holder: ObjectRef, view: View): boolean {
  const other = holder.kind === 'Service' ? view.get('Service', holder.namespace, holder.name) : undefined
  if (other === undefined) return false
  const key = sharingKey(object)
  const taken = new Set(other.ports.map(portKey))
  return (
    key !== '' &&
    key === sharingKey(other) &&
    backendKey(object) === backendKey(other) &&
    !object.ports.some(port => taken.has(portKey(port)))
  )
}

function portKey({ protocol, port }: Service['ports'][number]): string {
  return `${protocol}/${port}`
}

/** MetalLB's k8salloc.BackendKey. */
function backendKey({ externalTrafficPolicy, selector }: Service): string {
  if (externalTrafficPolicy !== 'Local') return ''
  return JSON.stringify([...selector].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
