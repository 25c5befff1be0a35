import { contains } from '../address/range.ts'
import type { PathPart } from './document-error.ts'
import type { NetworkPlanSpec } from './network-plan.ts'
import { firstProblems, type Problem } from './problem.ts'
import type { RangeText } from './range-text.ts'
import { tenantProblems } from './tenant-problems.ts'
import { vlanProblems } from './vlan-problems.ts'

/** What is wrong with a plan although each of its fields is right, as far as it is told; empty when nothing is. */
export function planProblems(spec: NetworkPlanSpec): readonly Problem[] {
  return firstProblems(allProblems(spec))
}

function* allProblems(spec: NetworkPlanSpec): Generator<Problem> {
  yield* scopeProblems(spec)
  yield* gatewayProblems(spec)
  yield* globalPoolProblems(spec)
  yield* mappingProblems(spec)
  yield* capacityProblems(spec)
  yield* tenantProblems(spec)
  yield* vlanProblems(spec)
}

function scopeProblems({ scope, tenant }: NetworkPlanSpec): Problem[] {
  if (scope === 'tenantCluster' && tenant === undefined) {
    const message = 'is required with scope tenantCluster'
    return [{ path: ['spec', 'tenant'], at: 'key', message, hint: 'say whose cluster it is' }]
  }
  if (scope === 'tenantCluster' || tenant === undefined) return []
  const hint = 'set scope: tenantCluster, or take it out'
  return [{ path: ['spec', 'tenant'], at: 'key', message: 'goes with scope tenantCluster only', hint }]
}

function gatewayProblems({ nodeSubnets = [] }: NetworkPlanSpec): Problem[] {
  return nodeSubnets.flatMap((entry, i): Problem[] => {
    if (!('cidr' in entry) || !entry.gateway || contains(entry.cidr.range, entry.gateway.range)) return []
    const path = ['spec', 'nodeSubnets', i, 'gateway']
    return [{ path, at: 'value', message: `is not in ${entry.cidr.text}`, hint: '' }]
  })
}

function globalPoolProblems({ globalPool }: NetworkPlanSpec): Problem[] {
  const { externalSubnets, defaultExternalSubnet: subnet } = globalPool
  if (subnet === undefined || externalSubnets?.includes(subnet)) return []
  const path = ['spec', 'globalPool', 'defaultExternalSubnet']
  const hint = `add it to spec.globalPool.externalSubnets`
  return [{ path, at: 'value', message: 'the default is not granted to tenants', hint }]
}

function mappingProblems({ edgeRouter }: NetworkPlanSpec): Problem[] {
  if (edgeRouter?.mode !== 'edgeNAT') return []
  const path = ['spec', 'edgeRouter', 'mappings']
  return (['publicIP', 'eip'] as const).flatMap(end =>
    repeated(edgeRouter.mappings.map((mapping, i) => ({ path: [...path, i, end], address: mapping[end] })))
  )
}

interface MappingEnd {
  readonly path: readonly PathPart[]
  readonly address: RangeText
}

function repeated(ends: readonly MappingEnd[]): Problem[] {
  const seen = new Set<string>()
  return ends.flatMap(({ path, address: { range } }): Problem[] => {
    const key = `${range.family} ${range.first}`
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    return [{ path, at: 'value', message: 'is mapped already; edge NAT is one to one', hint: '' }]
  })
}

function capacityProblems({ capacity }: NetworkPlanSpec): Problem[] {
  const { warnPercent, criticalPercent } = capacity
  if (warnPercent <= criticalPercent) return []
  const message = `warns at ${warnPercent} percent, after it is critical at ${criticalPercent}`
  return [{ path: ['spec', 'capacity'], at: 'key', message, hint: '' }]
}
