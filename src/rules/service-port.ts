import type { Service } from '../kinds/service.ts'
import type { ServiceExposure } from '../policy/exposure.ts'
import { rangeHolding } from '../policy/port-range.ts'
import type { Finding } from './finding.ts'
import { defineRule } from './rule.ts'
import { isReachedFromOutside, serviceLimits } from './service-limits.ts'

/** A Service that can be reached from outside opens no port that the policies deny. */
export const servicePort = defineRule<'Service'>({
  id: 'service-port',
  summary:
    'A Service that is reached from outside (LoadBalancer, NodePort, externalIPs) has no port and no nodePort that the policies deny (services.ports, services.nodePorts).',
  why: 'A port that must not be open to the outside is opened by whoever can write a Service; a nodePort is opened on every node, also for a LoadBalancer.',
  fix: 'Use another port. A LoadBalancer needs no nodePorts with MetalLB: allocateLoadBalancerNodePorts: false.',
  background: [
    'ports.denied holds for port and nodePort alike, nodePorts.denied for nodePort alone. A ClusterIP without externalIPs opens nothing to the outside and may have any port. spec.healthCheckNodePort carries none of the Service and is not judged.',
    'The API server chooses a nodePort where none is asked for before it asks webhooks, so that one from the denied range can come up by chance: ask for a certain one, or write it again.'
  ],
  example: 'spec: {type: LoadBalancer, ports: [{port: 22}]} # where a policy says ports: {denied: ["22"]}',
  see: [
    'https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport',
    'https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-nodeport-allocation'
  ],
  on: ['Service'],
  reads: ['Namespace', 'Tenant', 'TenantControlPlane'],
  defaultAction: 'deny',
  check(subject, context) {
    const { object } = subject
    if (object.ports.length === 0 || !isReachedFromOutside(object)) return []
    const said = serviceLimits(subject, context)
    if ('code' in said) return [said]
    const { limits, restsOn } = said
    return openedPorts(object).flatMap(({ port, as, field }): Finding[] => {
      const denied = rangeHolding(deniedAs(as, limits), port)
      if (denied === undefined) return []
      const at = { field, value: `${port}`, restsOn, serviceType: object.type }
      return [{ ...at, code: 'port-denied', as, denied }]
    })
  }
})

interface OpenedPort {
  readonly port: number
  readonly as: 'port' | 'nodePort'
  readonly field: string
}

/** Only these types open nodePorts. */
function openedPorts({ type, ports }: Service): readonly OpenedPort[] {
  const opensNodePorts = type === 'LoadBalancer' || type === 'NodePort'
  return ports.flatMap(({ port, nodePort }, i): OpenedPort[] => [
    { port, as: 'port', field: `spec.ports[${i}].port` },
    ...(opensNodePorts && nodePort !== 0
      ? [{ port: nodePort, as: 'nodePort' as const, field: `spec.ports[${i}].nodePort` }]
      : [])
  ])
}

function deniedAs(as: OpenedPort['as'], { deniedPorts, deniedNodePorts }: ServiceExposure) {
  return as === 'port' ? deniedPorts : deniedNodePorts
}
