import type { View } from '../inventory/view.ts'
import { METALLB_ASK_KEYS, type Service } from '../kinds/service.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Plan } from '../policy/plan.ts'
import { tenancyIn, tenancyRestsOn, type Requester } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { defineRule } from './rule.ts'

/** The addresses of a Service are written into its status by those who give them out. */
export const serviceStatus = defineRule<'Service'>({
  id: 'service-status',
  summary:
    "A Service's status.loadBalancer, and what asks MetalLB for addresses, is written through the status subresource only by listed controllers and the platform's accounts.",
  why: 'Every node takes traffic for the addresses in status.loadBalancer.ingress to the Service (CVE-2020-8554), and MetalLB takes them for its own allocation when it starts. Labels and annotations can be written through the status as well.',
  fix: 'Ask for an address in the Service itself. An account that gives addresses out belongs in controllers of the NetworkPlan.',
  example:
    'kubectl patch service web --subresource=status --type=merge -p \'{"status":{"loadBalancer":{"ingress":[{"ip":"192.168.1.105"}]}}}\'',
  see: [
    'https://github.com/kubernetes/kubernetes/issues/97076',
    'https://github.com/metallb/metallb/blob/v0.15.2/controller/service.go (convergeBalancer)'
  ],
  on: ['Service'],
  reads: ['Namespace', 'Tenant'],
  defaultAction: 'deny',
  checkStatus({ object, oldObject }, { plan, view, requester }) {
    const changed = changes(object, oldObject)
    if (changed.length === 0) return []
    const writer = writerOf(requester, plan, view)
    if (writer === 'trusted') return []
    if (writer === 'unknown') return [{ code: 'unjudged', because: 'kind-unknown', kind: 'Namespace' }]
    return changed.map((at): Finding => ({ code: 'service-status-write', ...at, restsOn: writer }))
  }
})

interface Changed {
  readonly field: string
  readonly value: string
}

function changes(object: Service, oldObject: Service): readonly Changed[] {
  const [addresses, before] = [object, oldObject].map(({ ingressIPs }) => ingressIPs.join(','))
  const ingress = { field: 'status.loadBalancer.ingress', value: addresses ?? '' }
  const asks = METALLB_ASK_KEYS.flatMap(key => {
    const [now, was] = [object, oldObject].map(({ meta }) => meta.annotations.get(key))
    return now === was ? [] : [{ field: `metadata.annotations[${key}]`, value: now ?? '' }]
  })
  const labels = [object, oldObject].map(({ meta }) =>
    JSON.stringify([...meta.labels].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  )
  return [
    ...(addresses === before ? [] : [ingress]),
    ...asks,
    ...(labels[0] === labels[1] ? [] : [{ field: 'metadata.labels', value: '' }])
  ]
}

/** The control plane's own controllers that write Services' statuses (kube-controller-manager, cloud-controller-manager). */
const CONTROL_PLANE: readonly string[] = [
  'system:kube-controller-manager',
  'system:cloud-controller-manager',
  'system:apiserver'
]

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):[^:]+$/

/** Whether the writer may; for one that may not, what that rests on. A ServiceAccount is trusted as its namespace is. */
function writerOf(
  { username, role, controller }: Requester,
  plan: Plan,
  view: View
): 'trusted' | 'unknown' | readonly ObjectRef[] {
  if (role === 'platform' || controller !== undefined || CONTROL_PLANE.includes(username)) return 'trusted'
  const namespace = SERVICE_ACCOUNT.exec(username)?.[1]
  if (namespace === undefined) return []
  const { kind } = tenancyIn(plan, view, namespace)
  if (kind === 'platform') return 'trusted'
  // Its own namespace was not looked at yet, as that of the Service was: a live read will tell.
  return kind === 'unknown' && !view.known('Namespace') ? 'unknown' : tenancyRestsOn(view, namespace)
}
