import { RangeIndex } from '../address/range-index.ts'
import { familySpan, intersect, overlap, type AddressRange } from '../address/range.ts'
import { subnetDomain, type Claim, type Domain } from '../kinds/claim.ts'
import { refKey, sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { providerSubnets, withVlan } from '../policy/domains.ts'
import type { PlanRange } from '../policy/plan.ts'
import type { Occupant, Use } from './findings/at.ts'
import { subnetRef } from './provider-subnets.ts'
import { attaching } from './reserved-ranges.ts'
import type { RuleContext } from './rule.ts'

/** Addresses that somebody has, and the objects that say so. */
export interface Occupied extends Occupant {
  readonly range: AddressRange
  readonly restsOn: readonly ObjectRef[]
}

type Context = Pick<RuleContext, 'view' | 'plan'>

export interface OccupiedQuestion {
  readonly uses: readonly Use[]
  /** The provider Subnets that count, '' for OvnEips that name none; absent: all that there are. */
  readonly subnets?: Iterable<string>
}

/** Who has addresses of a range; claims that are the asking object's own do not count. */
export type OccupiedBy = (range: AddressRange, isOwn: (claim: Claim) => boolean) => Iterable<Occupied>

/** For an object whose own claims are those that it holds. */
export function heldBy(ref: ObjectRef): (claim: Claim) => boolean {
  return ({ holder }) => sameRef(holder, ref)
}

/**
 * Tells who has addresses of a range, each holder's as few contiguous ranges, though several of its entries make them up.
 * The addresses of OvnEips are told only where no provider Subnet gives them out anyway: Kube-OVN hands static ones out of
 * `excludeIps` as well. O(attachments of Vpcs) once, then O(log n + hits) a range and domain, or a range once many were asked.
 */
export function occupiedBy(question: OccupiedQuestion, context: Context): OccupiedBy {
  const claimsIn = claimsOfDomains(domainsOf(question, context), context)
  const stated = planOccupants(question.uses, context)
  const restsOn = restingOn(context)
  return function* (range, isOwn) {
    for (const { range: theirs, ...occupant } of stated) {
      const shared = overlap(theirs, range)
      if (shared !== undefined) yield { ...occupant, range: shared, restsOn: [] }
    }
    const claims = claimsIn(range).filter(claim => !isOwn(claim))
    const told = withoutCovered(claims).filter(claim => question.uses.includes(useOf(claim)))
    for (const { claim, ranges } of byHolder(told)) {
      const occupant = { use: useOf(claim), other: claim.holder, note: '', restsOn: restsOn(claim) }
      for (const shared of intersect([range], ranges)) yield { ...occupant, range: shared }
    }
  }
}

/** Domains looked into one by one, some 10 ms of them; then their claims are gathered. */
const MOST_LOOKUPS = 100_000

/** The claims that are read of what a range shares with the domains. */
function claimsOfDomains(
  domains: readonly Domain[],
  context: Context
): (range: AddressRange) => readonly Claim[] {
  let lookups = 0
  let gathered: RangeIndex<Claim> | undefined
  return range => {
    lookups += domains.length
    if (lookups > MOST_LOOKUPS) gathered ??= gather(domains, context)
    if (gathered !== undefined) return [...gathered.overlapping(range)].map(({ value }) => value)
    return [...context.view.overlapping(domains, range)].filter(claim => isRead(claim, context))
  }
}

/** The claims of domains, whatever their number, in one index. O(domains + claims * log claims). */
function gather(domains: readonly Domain[], context: Context): RangeIndex<Claim> {
  const index = new RangeIndex<Claim>()
  for (const family of [4, 6] as const) {
    for (const claim of context.view.overlapping(domains, familySpan(family)))
      if (isRead(claim, context)) index.insert(claim.range, claim)
  }
  return index
}

/** What the claims of a domain are used for. All other domains are of Subnets. */
const USES: ReadonlyMap<Domain, Use> = new Map<Domain, Use>([
  ['metallb', 'pool'],
  ['nodes', 'node'],
  ['services', 'services'],
  ['pods', 'pods']
])

function domainsOf({ uses, subnets }: OccupiedQuestion, { view, plan }: Context): readonly Domain[] {
  const plain = [...USES].flatMap(([domain, use]) => (uses.includes(use) ? [domain] : []))
  if (!uses.includes('provider') && !uses.includes('external')) return plain
  const names = subnets ?? ['', ...withVlan(providerSubnets(plan, view), view)]
  return [...plain, ...[...new Set(names)].map(subnetDomain)]
}

/** MetalLB reads the pools of its own namespace only; one left in another gives out nothing, and must not stop its own repair. */
function isRead({ domain, holder }: Claim, { plan }: Context): boolean {
  return domain !== 'metallb' || holder.namespace === plan.metallb.namespace
}

function useOf({ domain, holder }: Claim): Use {
  return USES.get(domain) ?? (holder.kind === 'Subnet' ? 'provider' : 'external')
}

function withoutCovered(claims: readonly Claim[]): readonly Claim[] {
  if (!claims.some(claim => useOf(claim) === 'external')) return claims
  const given = new RangeIndex<undefined>()
  for (const claim of claims) if (useOf(claim) === 'provider') given.insert(claim.range, undefined)
  return claims.filter(
    claim => useOf(claim) !== 'external' || given.overlapping(claim.range).next().done === true
  )
}

interface Held {
  readonly claim: Claim
  readonly ranges: AddressRange[]
}

/** In the order in which the holders were met. */
function byHolder(claims: readonly Claim[]): readonly Held[] {
  const held = new Map<string, Held>()
  for (const claim of claims) {
    const key = `${useOf(claim)} ${refKey(claim.holder)}`
    const known = held.get(key)
    if (known === undefined) held.set(key, { claim, ranges: [claim.range] })
    else known.ranges.push(claim.range)
  }
  return [...held.values()]
}

/** A provider Subnet is one because of the Vpcs attached to it, too. */
function restingOn({ view, plan }: Context): (claim: Claim) => readonly ObjectRef[] {
  const attachedTo = attaching(plan, view)
  return ({ domain, holder }) => {
    const subnet = domain.startsWith(SUBNET) ? domain.slice(SUBNET.length) : ''
    if (subnet === '') return [holder]
    const attached = attachedTo(subnet)
    return holder.kind === 'Subnet' ? [holder, ...attached] : [holder, subnetRef(subnet), ...attached]
  }
}

const SUBNET = subnetDomain('')

interface Stated extends Occupant {
  readonly range: AddressRange
}

/** What only the plan says. */
function planOccupants(uses: readonly Use[], { plan }: Context): readonly Stated[] {
  const other = { kind: 'NetworkPlan', namespace: '', name: plan.name }
  const { services, pods } = plan.clusterRanges
  const reserved = plan.reservedRanges.map(({ range, text, purpose, owner }): Stated => {
    const purposes = [purpose, owner].filter(words => words !== '').join(', ')
    return { use: 'reserved', other, range, note: purposes === '' ? text : `${text} (${purposes})` }
  })
  const cluster = (use: Use, ranges: readonly PlanRange[]) =>
    ranges.map(({ range, text }): Stated => ({ use, other, range, note: text }))
  return [...reserved, ...cluster('services', services), ...cluster('pods', pods)].filter(({ use }) =>
    uses.includes(use)
  )
}
