import { overlap, subtract, type AddressRange } from '../address/range.ts'
import type { Claim, Domain } from '../kinds/claim.ts'
import type { KindName, Kinds } from '../kinds/index.ts'
import { sameRef } from '../kinds/object-ref.ts'
import type { FreeSearch, View } from './view.ts'

/** A view with a few more claims laid over it (the plan's ranges, claims in flight): O(claims) on top of each question. */
export class Overlay implements View {
  private readonly under: View
  private readonly claims: readonly Claim[]

  constructor(under: View, claims: readonly Claim[]) {
    this.under = under
    this.claims = claims
  }

  get<K extends KindName>(kind: K, namespace: string, name: string): Kinds[K] | undefined {
    return this.under.get(kind, namespace, name)
  }

  list<K extends KindName>(kind: K): Iterable<Kinds[K]> {
    return this.under.list(kind)
  }

  known(kind: KindName): boolean {
    return this.under.known(kind)
  }

  *overlapping(domains: readonly Domain[], range: AddressRange): Iterable<Claim> {
    yield* this.under.overlapping(domains, range)
    for (const claim of this.claims) {
      // In this order: a plan may have a claim, and a domain, for each of hundreds of tenants.
      if (overlap(claim.range, range) !== undefined && domains.includes(claim.domain)) yield claim
    }
  }

  nearestFree(search: FreeSearch): AddressRange | undefined {
    const taken = this.claims.filter(
      claim => search.domains.includes(claim.domain) && !sameRef(claim.holder, search.except)
    )
    const within = subtract(
      search.within,
      taken.map(claim => claim.range)
    )
    return this.under.nearestFree({ ...search, within })
  }

  with(claims: readonly Claim[]): View {
    return new Overlay(this.under, [...this.claims, ...claims])
  }
}
