import { formatRange } from '../address/format.ts'
import { RangeIndex } from '../address/range-index.ts'
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

/** A range that no VLAN may lie in, or for one subnet of the nodes, may lie in as a whole. */
interface Taken extends Placed {
  /** By which problems of one VLAN are sorted. */
  readonly order: number
  readonly kind: 'range' | 'nodeSubnet' | 'leg'
}

/**
 * What is wrong with the ranges of VLANs in the shared address space (of `ccmProxy` tenants, and of others that are routed):
 * each is one tenant's alone, holds nothing that is reserved or the cluster's own, and no address of the nodes' subnets. In a
 * tenant's own cluster its range is the space itself, which the plan's other ranges may lie in. One after the other, since
 * there may be one for each pair; O(log ranges) to the first of a VLAN.
 */
export function* vlanProblems(spec: NetworkPlanSpec): Generator<Problem> {
  const taken = new RangeIndex<Taken>()
  for (const one of takenRanges(spec)) taken.insert(one.range, one)
  const isOwn = ({ name }: TenantSpec) => spec.scope === 'tenantCluster' && name === spec.tenant
  for (const [i, tenant] of spec.tenancy.tenants.entries()) {
    if (isOwn(tenant)) yield* allocationProblems(tenant, spec)
    const range = isOwn(tenant) ? undefined : sharedRange(tenant)
    if (range === undefined) continue
    const own = { range, path: ['spec', 'tenancy', 'tenants', i, 'vlan', 'range'] }
    const met = [...taken.overlapping(range)].map(({ value }) => value)
    for (const other of met.toSorted((a, b) => a.order - b.order)) yield* sharingProblems(own, other)
    taken.insert(range, { ...own, order: -1, kind: 'range' })
  }
}

function sharedRange({ vlan }: TenantSpec): RangeText['range'] | undefined {
  return vlan?.exposure === 'tenantMetalLB' && !vlan.routed ? undefined : vlan?.range?.range
}

/** What the plan names besides VLANs: what is reserved and the cluster's own, then the nodes' subnets. */
function takenRanges({ reservedRanges, clusterRanges, nodeSubnets = [] }: NetworkPlanSpec): readonly Taken[] {
  const others = [
    ...reservedRanges.map(({ range }, i) => placed(range, ['spec', 'reservedRanges', i, 'range'])),
    ...clusterRanges.services.map((range, i) => placed(range, ['spec', 'clusterRanges', 'services', i])),
    ...clusterRanges.pods.map((range, i) => placed(range, ['spec', 'clusterRanges', 'pods', i]))
  ].map((one, i): Taken => ({ ...one, order: i - NODE_SUBNETS, kind: 'range' }))
  const subnets = nodeSubnets.map((entry, order): Taken => {
    if (!('cidr' in entry))
      return { ...placed(entry, ['spec', 'nodeSubnets', order]), order, kind: 'nodeSubnet' }
    const kind = entry.interfaces === undefined ? 'nodeSubnet' : 'leg'
    return { ...placed(entry.cidr, ['spec', 'nodeSubnets', order, 'cidr']), order, kind }
  })
  return [...others, ...subnets]
}

/** More than a plan can name. */
const NODE_SUBNETS = 1e9

function placed({ range }: RangeText, path: readonly PathPart[]): Placed {
  return { range, path }
}

/** Nodes may have a leg in a VLAN: then the plan states that subnet of theirs with the interfaces it is on. */
function sharingProblems({ range, path }: Placed, other: Taken): Problem[] {
  const both = overlap(range, other.range)
  if (both === undefined || (other.kind === 'leg' && contains(other.range, range))) return []
  const size = rangeSize(both)
  const addresses = size === 1n ? '1 address' : `${size} addresses`
  const message = `shares ${addresses} with ${fieldOf(other.path)}: ${formatRange(both)}`
  const hint = other.kind === 'range' ? '' : "if nodes are in that VLAN, give that subnet's interfaces"
  return [{ path, at: 'value', message, hint }]
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
