import { compareRanges, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { claimsOf, refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { NatMapping, Plan } from '../policy/plan.ts'
import { defaultSubnet } from '../policy/domains.ts'
import { effectiveSubnet } from './provider-subnets.ts'

/** An address that the edge router translates nothing to, though an OvnEip has it. */
export interface MissingMapping {
  /** One address. */
  readonly eip: AddressRange
  readonly holder: ObjectRef
  /** Name of the provider Subnet it is of. */
  readonly subnet: string
}

/** How the plan's mappings differ from what is in use; both lists ascend by the address inside. */
export interface EdgeNatDrift {
  readonly missing: readonly MissingMapping[]
  /** Mappings to an address that nobody has. */
  readonly stale: readonly NatMapping[]
}

/**
 * The mappings that the edge router lacks and those it can do without; undefined when the plan has no edge NAT, `unknown`
 * when OvnEips, Subnets or Services could not be read. Addresses that are asked for and not given yet count as in use. Ports
 * of routers and nodes (types lrp, lsp) need no mapping, and one to a Service of a VLAN tenant's pool is in use too. IPv6
 * counts as far as the plan maps any. O((OvnEips + mappings) log n).
 */
export function edgeNatDrift(view: View, plan: Plan): EdgeNatDrift | 'unknown' | undefined {
  if (plan.edgeRouter?.mode !== 'edgeNAT') return undefined
  if (!(['OvnEip', 'Subnet', 'Service'] as const).every(kind => view.known(kind))) return 'unknown'
  const { mappings } = plan.edgeRouter
  const mapped = new Set(mappings.map(({ eip }) => addressKey(eip.range)))
  const families = new Set(mappings.map(({ eip }) => eip.range.family))
  const held = [...view.list('OvnEip')].flatMap(heldAddresses)
  const heldKeys = new Set(held.map(({ range }) => addressKey(range)))
  const missing = held
    .filter(({ eip, range }) => isPublished(eip, plan, view) && !mapped.has(addressKey(range)))
    .filter(({ range }) => range.family === 4 || families.has(6))
    .map(({ eip, range }) => missingMapping(eip, range, plan))
  const stale = mappings.filter(
    ({ eip }) => !heldKeys.has(addressKey(eip.range)) && !hasService(eip.range, view)
  )
  return {
    missing: missing.toSorted((a, b) => compareRanges(a.eip, b.eip)),
    stale: stale.toSorted((a, b) => compareRanges(a.eip.range, b.eip.range))
  }
}

interface Held {
  readonly eip: OvnEip
  readonly range: AddressRange
}

/** Each address once, though spec and status both have it, in whatever spelling. */
function heldAddresses(eip: OvnEip): readonly Held[] {
  const ranges = claimsOf('OvnEip', eip).map(({ range }) => [addressKey(range), range] as const)
  return [...new Map(ranges).values()].map(range => ({ eip, range }))
}

function addressKey({ family, first }: AddressRange): string {
  return `${family} ${first}`
}

/** Whether tenants' traffic comes in by it: of an overlay Subnet it would not come from outside. */
function isPublished(eip: OvnEip, plan: Plan, view: View): boolean {
  const subnet = view.get('Subnet', '', subnetOf(eip, plan))
  return ['', 'nat'].includes(eip.type) && !eip.meta.deleting && subnet?.vlan !== ''
}

function missingMapping(eip: OvnEip, range: AddressRange, plan: Plan): MissingMapping {
  return { eip: range, holder: refOf(eip), subnet: subnetOf(eip, plan) }
}

function subnetOf(eip: OvnEip, plan: Plan): string {
  return effectiveSubnet(eip, plan) ?? defaultSubnet(plan)
}

function hasService(range: AddressRange, view: View): boolean {
  return !view.overlapping(['ingress'], range)[Symbol.iterator]().next().done
}
