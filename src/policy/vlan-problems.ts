import { formatRange } from '../address/format.ts'
import { contains, overlap, rangeSize } from '../address/range.ts'
import { fieldOf, type PathPart } from './document-error.ts'
import type { NetworkPlanSpec } from './network-plan.ts'
import type { Problem } from './problem.ts'
import type { RangeText } from './range-text.ts'
import type { TenantSpec } from './tenancy-schema.ts'

/** A range and where it stands in the plan. */
interface Placed {
  readonly range: RangeText['range']
  readonly path: readonly PathPart[]
}

/**
 * What is wrong with the ranges of VLANs in the shared address space (of `ccmProxy` tenants, and of others that are routed):
 * each is one tenant's alone, holds nothing that is reserved or the cluster's own, and no address of the nodes' subnets. In a
 * tenant's own cluster its range is the space itself, which the plan's other ranges may lie in. O(VLANs * ranges).
 */
export function vlanProblems(spec: NetworkPlanSpec): readonly Problem[] {
  const taken = [...otherRanges(spec)]
  const isOwn = ({ name }: TenantSpec) => spec.scope === 'tenantCluster' && name === spec.tenant
  return spec.tenancy.tenants.flatMap((tenant, i): Problem[] => {
    if (isOwn(tenant)) return allocationProblems(tenant, spec)
    const range = sharedRange(tenant)
    if (range === undefined) return []
    const own = { range, path: ['spec', 'tenancy', 'tenants', i, 'vlan', 'range'] }
    const problems = [...taken.flatMap(other => sharingProblems(own, other)), ...nodeProblems(own, spec)]
    taken.push(own)
    return problems
  })
}

function sharedRange({ vlan }: TenantSpec): RangeText['range'] | undefined {
  return vlan?.exposure === 'tenantMetalLB' && !vlan.routed ? undefined : vlan?.range?.range
}

/** Ranges that no VLAN may lie in. */
function otherRanges({ reservedRanges, clusterRanges }: NetworkPlanSpec): readonly Placed[] {
  return [
    ...reservedRanges.map(({ range }, i) => placed(range, ['spec', 'reservedRanges', i, 'range'])),
    ...clusterRanges.services.map((range, i) => placed(range, ['spec', 'clusterRanges', 'services', i])),
    ...clusterRanges.pods.map((range, i) => placed(range, ['spec', 'clusterRanges', 'pods', i]))
  ]
}

function placed({ range }: RangeText, path: readonly PathPart[]): Placed {
  return { range, path }
}

function sharingProblems({ range, path }: Placed, other: Placed, hint = ''): Problem[] {
  const both = overlap(range, other.range)
  if (both === undefined) return []
  const size = rangeSize(both)
  const addresses = size === 1n ? '1 address' : `${size} addresses`
  const message = `shares ${addresses} with ${fieldOf(other.path)}: ${formatRange(both)}`
  return [{ path, at: 'value', message, hint }]
}

/** Nodes may have a leg in a VLAN: then the plan states that subnet of theirs with the interfaces it is on. */
function nodeProblems(vlan: Placed, { nodeSubnets = [] }: NetworkPlanSpec): Problem[] {
  return nodeSubnets.flatMap((entry, i) => {
    const isObject = 'cidr' in entry
    const cidr = isObject ? entry.cidr : entry
    const isLeg = isObject && entry.interfaces !== undefined && contains(cidr.range, vlan.range)
    const path = ['spec', 'nodeSubnets', i, ...(isObject ? ['cidr'] : [])]
    const hint = "if nodes are in that VLAN, give that subnet's interfaces"
    return isLeg ? [] : sharingProblems(vlan, placed(cidr, path), hint)
  })
}

/** What is handed over for L2 in a tenant's own cluster is part of its VLAN; by BGP it may announce others. */
function allocationProblems({ vlan }: TenantSpec, { allocations = [] }: NetworkPlanSpec): Problem[] {
  const own = vlan?.range
  if (own === undefined) return []
  return allocations.flatMap(({ range, announcement }, i): Problem[] => {
    if (announcement === 'bgp' || contains(own.range, range.range)) return []
    const message = `is not in the range of the tenant's VLAN, ${own.text}`
    return [{ path: ['spec', 'allocations', i, 'range'], at: 'value', message, hint: '' }]
  })
}
