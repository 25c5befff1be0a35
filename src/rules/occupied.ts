import { RangeIndex } from '../address/range-index.ts'
import { intersect, overlap, type AddressRange } from '../address/range.ts'
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
  /** Its own claims do not count: the object being judged. */
  readonly except: ObjectRef
  /** The provider Subnets that count, '' for OvnEips that name none; absent: all that there are. */
  readonly subnets?: Iterable<string>
}

/**
 * Tells who has addresses of a range, each holder's as few contiguous ranges, though several of its entries make them up.
 * The addresses of OvnEips are told only where no provider Subnet gives them out anyway: Kube-OVN hands static ones out of
 * `excludeIps` as well. O(Vpcs) once, then O(log n + hits) a range and domain.
 */
export function occupiedBy(
  question: OccupiedQuestion,
  context: Context
): (range: AddressRange) => readonly Occupied[] {
  const domains = domainsOf(question, context)
  const stated = planOccupants(question.uses, context)
  const restsOn = restingOn(context)
  return range => {
    const claims = [...context.view.overlapping(domains, range)].filter(
      claim => !sameRef(claim.holder, question.except) && isRead(claim, context)
    )
    const told = withoutCovered(claims).filter(claim => question.uses.includes(useOf(claim)))
    return [
      ...stated.flatMap(({ range: theirs, ...occupant }) => {
        const shared = overlap(theirs, range)
        return shared === undefined ? [] : [{ ...occupant, range: shared, restsOn: [] }]
      }),
      ...byHolder(told).flatMap(({ claim, ranges }) => {
        const occupant = { use: useOf(claim), other: claim.holder, note: '', restsOn: restsOn(claim) }
        return intersect([range], ranges).map(shared => ({ ...occupant, range: shared }))
      })
    ]
  }
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
  const vpcs = new Map<string, readonly ObjectRef[]>()
  return ({ domain, holder }) => {
    const subnet = domain.startsWith(SUBNET) ? domain.slice(SUBNET.length) : ''
    if (subnet === '') return [holder]
    const attached = vpcs.get(subnet) ?? attaching(subnet, plan, view)
    vpcs.set(subnet, attached)
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
