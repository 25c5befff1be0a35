import { compareRanges, intersect, spans, subtract, type AddressRange } from '../address/range.ts'
import type { Claim, Domain } from '../kinds/claim.ts'
import type { ClaimedRanges } from './ledger.ts'

/**
 * Ranges of one domain in one claim; more are rounded up to the span of each family, so that a pool of 20,000 entries fits into
 * a ConfigMap (1 MiB) many times. Others wait for what lies in between as well, for less than a second.
 */
const MOST_RANGES = 64

/** What `after` claims more than `before`, by domain. Empty: it takes nothing. O(n log n). */
export function takenBeyond(after: readonly Claim[], before: readonly Claim[]): readonly ClaimedRanges[] {
  const held = byDomain(before)
  return [...byDomain(after)].flatMap(([domain, claims]) => {
    const ranges = subtract(rangesOf(claims), rangesOf(held.get(domain) ?? []))
    const [first] = claims
    return first === undefined || ranges.length === 0
      ? []
      : [{ domain, field: first.field, ranges: rounded(ranges) }]
  })
}

/** Whether both are the same ranges of the same domains, whichever fields ask for them. */
export function areSame(a: readonly ClaimedRanges[], b: readonly ClaimedRanges[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ domain, ranges }, i) => domain === b[i]?.domain && areEqual(ranges, b[i].ranges))
  )
}

/** Whether both hold an address in common, in whatever domains: which of those share addresses only rules know. */
export function haveCommon(a: readonly ClaimedRanges[], b: readonly ClaimedRanges[]): boolean {
  return intersect(allOf(a), allOf(b)).length > 0
}

function areEqual(a: readonly AddressRange[], b: readonly AddressRange[]): boolean {
  return (
    a.length === b.length &&
    a.every((range, i) => {
      const other = b[i]
      return other !== undefined && compareRanges(range, other) === 0
    })
  )
}

function allOf(taken: readonly ClaimedRanges[]): AddressRange[] {
  return taken.flatMap(({ ranges }) => ranges)
}

function rounded(ranges: AddressRange[]): readonly AddressRange[] {
  return ranges.length > MOST_RANGES ? spans(ranges) : ranges
}

function rangesOf(claims: readonly Claim[]): AddressRange[] {
  return claims.map(({ range }) => range)
}

function byDomain(claims: readonly Claim[]): ReadonlyMap<Domain, readonly Claim[]> {
  const domains = new Map<Domain, Claim[]>()
  for (const claim of claims) {
    const known = domains.get(claim.domain)
    if (known === undefined) domains.set(claim.domain, [claim])
    else known.push(claim)
  }
  return domains
}
