import { formatRange } from '../address/format.ts'
import type { RangeIndex } from '../address/range-index.ts'
import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import { sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import type { Service } from '../kinds/service.ts'
import type { Granted } from '../policy/grants.ts'
import { tenancyIn, tenancyRestsOn } from '../policy/tenancy.ts'
import type { Owner } from './findings/service-limit.ts'
import { keptAddresses } from './kept-addresses.ts'
import { occupiedBy, type Occupied } from './occupied.ts'
import type { CheckContext } from './rule.ts'
import { hasExternalIPs } from './service-limits.ts'
import { isSameOwner } from './service-owner.ts'

/** Who else has an address, and the objects that say so. */
export interface Foreign extends Owner {
  readonly restsOn: readonly ObjectRef[]
}

/** What is the tenant's own. */
export interface Asking {
  /** Addresses of these may be named while its own Services hold them. */
  readonly pools: Granted
  /** Whether policies hand out all addresses that are asked about, so that the plan may have set them aside for that. */
  readonly isAllowed: boolean
}

/**
 * Tells whether somebody else has an address: another owner's Service, a pool (unless an own Service holds it from a granted
 * one), a Node, a range of Services or pods, a provider Subnet or what holds addresses of one, a VLAN, or what the plan and
 * subnets keep for themselves. undefined for an address that nobody is known to have. O(Services + Subnets) once, then
 * O(log n + hits) an address.
 */
export function foreignAddresses(
  object: Service,
  context: CheckContext,
  { pools, isAllowed }: Asking
): (address: AddressRange) => Foreign | undefined {
  const occupied = occupiedBy({ uses: ['pool', 'node', 'services', 'pods', 'external'] }, context)
  const holdersOf = serviceHolders(object, context)
  let kept: RangeIndex<Foreign> | undefined
  return address => {
    const { foreign, isOwn } = holdersOf(address)
    if (foreign !== undefined) return foreign
    const isMine = ({ use, other }: Owner) =>
      isOwn && use === 'pool' && (pools === 'all' || pools.includes(other.name))
    const occupants = [...occupied(address, () => false)]
    const occupant = occupants.find(one => !isMine(one))
    if (occupant !== undefined) return foreignOf(occupant)
    if (occupants.length > 0) return undefined
    kept ??= keptAddresses(context)
    const keeping = [...kept.overlapping(address)].map(({ value }) => value)
    return keeping.find(({ use }) => use !== 'reserved' || !isAllowed)
  }
}

/** Without the range, which would make the finding one about ranges. */
function foreignOf({ use, other, note, restsOn }: Occupied): Foreign {
  return { use, other, note, restsOn }
}

interface Holders {
  /** Another owner's Service that holds the address, or names it as external IP. */
  readonly foreign: Foreign | undefined
  /** Whether one of the same owner holds it. */
  readonly isOwn: boolean
}

function serviceHolders(object: Service, context: CheckContext): (address: AddressRange) => Holders {
  const { view } = context
  const isOwn = ownership(context)
  const named = externalIPsOfOthers(object, context, isOwn)
  return address => {
    const holders = [...view.overlapping(['ingress'], address)].map(({ holder }) => holder)
    const others = [...holders, ...(named.get(formatRange(address)) ?? [])]
    const other = others.find(({ namespace }) => !isOwn(namespace))
    if (other === undefined) return { foreign: undefined, isOwn: holders.length > 0 }
    const restsOn = [other, ...tenancyRestsOn(view, other.namespace)]
    return { foreign: { use: 'service', other, note: '', restsOn }, isOwn: false }
  }
}

/** Tells whether a namespace is of the owner that the Service is of. */
function ownership(context: CheckContext): (namespace: string) => boolean {
  const known = new Map<string, boolean>()
  return namespace => {
    const before = known.get(namespace)
    if (before !== undefined) return before
    const isOwn = isSameOwner(context, tenancyIn(context.plan, context.view, namespace))
    known.set(namespace, isOwn)
    return isOwn
  }
}

/** By address, the Services of other owners that name it as external IP. */
function externalIPsOfOthers(
  object: Service,
  { view }: CheckContext,
  isOwn: (namespace: string) => boolean
): ReadonlyMap<string, readonly ObjectRef[]> {
  const self = refOf(object)
  const named = new Map<string, ObjectRef[]>()
  for (const service of view.list('Service')) {
    if (!hasExternalIPs(service) || isOwn(service.meta.namespace) || sameRef(refOf(service), self)) continue
    for (const text of service.externalIPs) {
      const parsed = parseRange(text, ADDRESS_FORMS)
      const address = parsed.ok ? formatRange(parsed.range) : ''
      if (address !== '' && !named.has(address)) named.set(address, [refOf(service)])
    }
  }
  return named
}
