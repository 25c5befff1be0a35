import { subtract, type AddressRange } from '../../address/range.ts'
import { ADDRESS_REQUESTS, SHARED_ADDRESSES } from '../exposure-schema.ts'
import type { Limits, Quota } from '../exposure.ts'
import type { Granted } from '../grants.ts'
import type { PortRange } from '../port-range.ts'
import { meaningOf, namesText, rangesText } from './loosening.ts'

/** What one subject may do by one set of policies: the limits, and what it is granted by them and the plan together. */
export interface SubjectLimits extends Pick<Limits, 'services' | 'ovnEips'> {
  readonly pools: Granted
  readonly subnets: Granted
  /** Whether what the plan reserves is refused as an external IP while no policy says which may be named. */
  readonly keepsReserved: boolean
}

/** A limit that the proposal does not keep. */
export interface LooserLimit {
  readonly rules: readonly string[]
  /** In an ExposurePolicy's spec. */
  readonly path: readonly string[]
  readonly text: string
}

type Compare = (base: SubjectLimits, proposal: SubjectLimits) => LooserLimit | undefined

/** One comparison for each limit. What is not said to be tighter here counts as looser. */
const COMPARISONS: readonly Compare[] = [
  (base, proposal) =>
    grown(['service-pool-not-granted', 'service-address-not-granted'], ['pools', 'allowed'], {
      base: base.pools,
      proposal: proposal.pools
    }),
  ({ services: base }, { services: proposal }) =>
    grown(['service-type'], ['services', 'allowedTypes'], {
      base: base.allowedTypes ?? 'all',
      proposal: proposal.allowedTypes ?? 'all'
    }),
  ({ services: base }, { services: proposal }) =>
    weaker(['service-address-not-granted'], ['services', 'addressRequests'], {
      order: ADDRESS_REQUESTS,
      base: base.addressRequests,
      proposal: proposal.addressRequests
    }),
  (base, proposal) =>
    moreExternalIPs(base.services.externalIPs, proposal.services.externalIPs, base.keepsReserved),
  ({ services: base }, { services: proposal }) =>
    moreRanges(['service-source-ranges'], ['services', 'loadBalancerSourceRanges', 'allowedRanges'], {
      base: base.sourceRanges.allowed,
      proposal: proposal.sourceRanges.allowed
    }),
  ({ services: base }, { services: proposal }) =>
    base.sourceRanges.required && !proposal.sourceRanges.required
      ? {
          rules: ['service-source-ranges'],
          path: ['services', 'loadBalancerSourceRanges', 'required'],
          text: 'services.loadBalancerSourceRanges are no longer required'
        }
      : undefined,
  ({ services: base }, { services: proposal }) =>
    grown(['service-class'], ['services', 'loadBalancerClasses', 'allowed'], {
      base: base.loadBalancerClasses ?? 'all',
      proposal: proposal.loadBalancerClasses ?? 'all'
    }),
  ({ services: base }, { services: proposal }) =>
    fewerPorts(['services', 'ports', 'denied'], base.deniedPorts, proposal.deniedPorts),
  // Ports that are denied are denied as nodePorts too: what both were freed of is told once.
  ({ services: base }, { services: proposal }) =>
    fewerPorts(
      ['services', 'nodePorts', 'denied'],
      portsMissing(base.deniedNodePorts, portsMissing(base.deniedPorts, proposal.deniedPorts)),
      proposal.deniedNodePorts
    ),
  ({ services: base }, { services: proposal }) =>
    weaker(['service-shared-address'], ['services', 'sharedAddresses'], {
      order: SHARED_ADDRESSES,
      // No policy lets tenants share with one another.
      base: base.sharedAddresses ?? 'withinTenant',
      proposal: proposal.sharedAddresses ?? 'withinTenant'
    }),
  ({ services: base }, { services: proposal }) =>
    raised('service-quota', ['services', 'quota', 'loadBalancers'], {
      base: base.loadBalancers,
      proposal: proposal.loadBalancers
    }),
  (base, proposal) =>
    grown(['eip-not-granted'], ['ovnEips', 'externalSubnets'], {
      base: base.subnets,
      proposal: proposal.subnets
    }),
  // Where no policy grants Subnets, one that is not the plan's own is judged by other rules.
  ({ ovnEips: base }, { ovnEips: proposal }) =>
    base.externalSubnets !== undefined && proposal.externalSubnets === undefined
      ? {
          rules: ['eip-not-granted'],
          path: ['ovnEips', 'externalSubnets'],
          text: 'ovnEips.externalSubnets is no longer stated'
        }
      : undefined,
  ({ ovnEips: base }, { ovnEips: proposal }) =>
    weaker(['eip-not-granted'], ['ovnEips', 'staticAddresses'], {
      order: ADDRESS_REQUESTS,
      // Both of other Subnets are refused, whatever address is asked for.
      base: base.staticAddresses ?? 'withinGrants',
      proposal: proposal.staticAddresses ?? 'withinGrants'
    }),
  ({ ovnEips: base }, { ovnEips: proposal }) =>
    raised('eip-quota', ['ovnEips', 'quota'], { base: base.quota, proposal: proposal.quota })
]

/** The limits that the proposal does not keep; empty when it lets nothing through that the base refuses by them. */
export function looserLimits(base: SubjectLimits, proposal: SubjectLimits): readonly LooserLimit[] {
  return COMPARISONS.map(compare => compare(base, proposal)).filter(found => found !== undefined)
}

interface Pair<T> {
  readonly base: T
  readonly proposal: T
}

function grown(
  rules: readonly string[],
  path: readonly string[],
  { base, proposal }: Pair<Granted>
): LooserLimit | undefined {
  if (base === 'all') return undefined
  const what = path.join('.')
  if (proposal === 'all') return { rules, path, text: `${what} no longer restricts anything` }
  const held = new Set(base)
  const added = proposal.filter(name => !held.has(name))
  if (added.length === 0) return undefined
  const names = added.map(name => (name === '' ? '""' : name))
  return { rules, path, text: `${what} now holds ${namesText(names)}` }
}

function weaker<T extends string>(
  rules: readonly string[],
  path: readonly string[],
  { order, base, proposal }: Pair<T | undefined> & { readonly order: readonly T[] }
): LooserLimit | undefined {
  if (base === undefined || base === proposal) return undefined
  const isTighter = proposal !== undefined && order.indexOf(proposal) < order.indexOf(base)
  if (isTighter) return undefined
  return { rules, path, text: `${path.join('.')} was ${base} and is ${proposal ?? 'not stated'}` }
}

function moreRanges(
  rules: readonly string[],
  path: readonly string[],
  { base, proposal }: Pair<readonly AddressRange[] | undefined>
): LooserLimit | undefined {
  if (base === undefined) return undefined
  if (proposal === undefined) return { rules, path, text: `${path.join('.')} no longer restricts anything` }
  const added = subtract(proposal, base)
  return added.length === 0
    ? undefined
    : { rules, path, text: `${path.join('.')} now holds ${rangesText(added)}` }
}

/** Ranges that a policy hands out may be among those that the plan reserves, and is then asked no more about that. */
function moreExternalIPs(
  base: readonly AddressRange[] | undefined,
  proposal: readonly AddressRange[] | undefined,
  keepsReserved: boolean
): LooserLimit | undefined {
  const path = ['services', 'externalIPs', 'allowedRanges']
  const rules = ['service-external-ips']
  if (base !== undefined || !keepsReserved || proposal === undefined || proposal.length === 0)
    return moreRanges(rules, path, { base, proposal })
  return {
    rules,
    path,
    text: `${path.join('.')} hands out ${rangesText(proposal)}, whatever the plan reserves`
  }
}

function fewerPorts(
  path: readonly string[],
  base: readonly PortRange[],
  proposal: readonly PortRange[]
): LooserLimit | undefined {
  const freed = portsMissing(base, proposal)
  if (freed.length === 0) return undefined
  const names = freed.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
  return { rules: ['service-port'], path, text: `${path.join('.')} no longer holds ${namesText(names)}` }
}

/** What of `from` is not in `other`, both sorted and disjoint. O(n + m). */
export function portsMissing(from: readonly PortRange[], other: readonly PortRange[]): readonly PortRange[] {
  const missing: PortRange[] = []
  let at = 0
  for (const { first, last } of from) {
    let next = first
    while (at < other.length && (other[at]?.last ?? 0) < next) at++
    for (let i = at; i < other.length && next <= last; i++) {
      const taken = other[i]
      if (taken === undefined || taken.first > last) break
      if (taken.first > next) missing.push({ first: next, last: taken.first - 1 })
      next = taken.last + 1
    }
    if (next <= last) missing.push({ first: next, last })
  }
  return missing
}

/** A quota that counts other things may be reached later, whatever its number. */
function raised(
  rule: string,
  path: readonly string[],
  { base, proposal }: Pair<Quota | undefined>
): LooserLimit | undefined {
  if (base === undefined) return undefined
  const what = path.join('.')
  if (proposal === undefined)
    return { rules: [rule], path, text: `${what} is no longer limited to ${base.limit}` }
  if (proposal.limit > base.limit)
    return { rules: [rule], path, text: `${what} was ${base.limit} and is ${proposal.limit}` }
  return countsLess(base, proposal)
    ? { rules: [rule], path, text: `${what} counts what other namespaces or classes hold` }
    : undefined
}

function countsLess(base: Quota, proposal: Quota): boolean {
  const isInFewerNamespaces =
    proposal.namespaceSelector !== undefined &&
    meaningOf(base.namespaceSelector) !== meaningOf(proposal.namespaceSelector)
  const { serviceClasses: classes } = proposal
  const isOfFewerClasses =
    classes !== undefined &&
    (base.serviceClasses === undefined || [...base.serviceClasses].some(one => !classes.has(one)))
  return isInFewerNamespaces || isOfFewerClasses
}
