import type { ExposurePolicy } from '../../policy/exposure-policy.ts'
import { mergePorts, type PortRange } from '../../policy/port-range.ts'
import { FLOOR_WORDS } from '../wording/floor.ts'
import { anyOf, type Cel, type Variable } from './cel.ts'
import type { Check, FloorOf, PolicyTerm } from './floor.ts'
import { forPolicies } from './per-policy.ts'
import { ifStored } from './service.ts'

/**
 * Ranges compared in one expression, which costs a Service with a thousand ports about an eighth of what the API server lets an
 * expression cost (k8s.io/apiserver, PerCallLimit: 1,000,000). More are compared in further ones.
 */
const MOST_RANGES = 64

/** service-port: all of it. */
export const portFloor: FloorOf = ({ policies }) => ({
  rule: 'service-port',
  on: 'object',
  variables: VARIABLES,
  leftOut: [],
  checks: [
    ...refused(policies, 'port', ({ services }) => mergePorts(services?.ports?.denied ?? [])),
    ...refused(policies, 'nodePort', ({ services }) =>
      mergePorts([...(services?.ports?.denied ?? []), ...(services?.nodePorts?.denied ?? [])])
    )
  ]
})

type Opened = 'port' | 'nodePort'

function refused(
  policies: readonly PolicyTerm[],
  as: Opened,
  deniedBy: (policy: ExposurePolicy) => readonly PortRange[]
): readonly Check[] {
  const most = Math.max(0, ...policies.map(({ policy }) => deniedBy(policy).length))
  const parts = Array.from({ length: Math.ceil(most / MOST_RANGES) }, (_, i) => i * MOST_RANGES)
  return parts.flatMap((start, i) =>
    forPolicies(policies, `${as}s${i + 1}`, policy => {
      const ranges = deniedBy(policy).slice(start, start + MOST_RANGES)
      return ranges.length === 0 ? undefined : { offenders: deniedAmong(as, ranges), words: FLOOR_WORDS[as] }
    })
  )
}

function deniedAmong(as: Opened, ranges: readonly PortRange[]): Cel {
  const { opened, stored } = VARIABLES_OF[as]
  const isDenied = anyOf(
    ranges.map(({ first, last }) => (first === last ? `p == ${first}` : `(p >= ${first} && p <= ${last})`))
  )
  return `variables.${opened}.filter(p, ${isDenied} && !(p in variables.${stored})).map(p, string(p))`
}

const VARIABLES_OF = {
  port: { opened: 'ports', stored: 'oldPorts' },
  nodePort: { opened: 'nodePorts', stored: 'oldNodePorts' }
} as const

/** A Service that is reached from outside; of an ExternalName external IPs do not count. What is stored excuses the same type alone. */
const VARIABLES: readonly Variable[] = [
  { name: 'ports', expression: `${isOutside('object', 'type')} ? ${portsOf('object', 'port')} : []` },
  {
    name: 'oldPorts',
    expression: ifStored(
      `(variables.oldType == variables.type && ${isOutside('oldObject', 'oldType')} ? ${portsOf('oldObject', 'port')} : [])`,
      '[]'
    )
  },
  { name: 'nodePorts', expression: `${opensNodePorts('type')} ? ${portsOf('object', 'nodePort')} : []` },
  {
    name: 'oldNodePorts',
    expression: ifStored(
      `(variables.oldType == variables.type && ${opensNodePorts('oldType')} ? ${portsOf('oldObject', 'nodePort')} : [])`,
      '[]'
    )
  }
]

function isOutside(object: string, type: string): Cel {
  const hasExternalIPs = `(variables.${type} != "ExternalName" && size(${object}.spec.?externalIPs.orValue([])) > 0)`
  return `(${opensNodePorts(type)} || ${hasExternalIPs})`
}

function opensNodePorts(type: string): Cel {
  return `variables.${type} in ["LoadBalancer", "NodePort"]`
}

/** Without those that are 0: none is asked for. */
function portsOf(object: string, as: Opened): Cel {
  return `${object}.spec.?ports.orValue([]).map(p, p.?${as}.orValue(0)).filter(p, p != 0)`
}
