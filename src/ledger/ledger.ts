import type { AddressRange } from '../address/range.ts'
import type { Claim, Domain } from '../kinds/claim.ts'
import type { KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'

/** Ranges of one domain that a write is about to take, and the first field that asks for them. */
export interface ClaimedRanges {
  readonly domain: Domain
  readonly field: string
  /** Sorted and disjoint, at least one. */
  readonly ranges: readonly AddressRange[]
}

/** A write that was allowed and is not known to be stored or to have failed. */
export interface Attempt {
  /**
   * Of the object that is to be stored; '' for several. Somebody else's object of that name, stored and deleted again, does not
   * end a CREATE that is under way.
   */
  readonly uid: string
  /** The revision of the object that it replaces: 0 for a CREATE, as etcd counts; undefined when that is not known. */
  readonly replaces: bigint | undefined
  /** Another one with every put, so that a collector tells an attempt that was renewed from one that was left. */
  readonly id: string
}

/** The same ranges, which one object is about to take by one write or by several that ask for just these. */
export interface InFlight {
  readonly owner: ObjectRef
  /** Who asked last, and for which tenant; '' for the platform. */
  readonly requester: string
  readonly tenant: string
  /** By their last put. At least one, and not more than two (growing-write.ts). */
  readonly attempts: readonly Attempt[]
  readonly taken: readonly ClaimedRanges[]
}

/** The claims in flight, as of one version. Objects that are stored are the truth about all else. */
export interface Ledger {
  /** What `put` compares; '' for a ledger that is not there yet. */
  readonly version: string
  /** Another one when the ledger was deleted and made anew. */
  readonly lineage: string
  /** Nothing was ever written into it. */
  readonly isBlank: boolean
  readonly claims: readonly InFlight[]
  /** By kind: a view that is older than this may lack an object whose claim is gone from here. */
  readonly minRevision: ReadonlyMap<KindName, bigint>
}

/** Why there is no ledger to go by. `unreachable` passes by itself. */
export type LedgerProblem = 'missing' | 'lost' | 'corrupt' | 'format-version' | 'unreachable'

export type LedgerRead =
  | {
      readonly ok: true
      readonly ledger: Ledger
      /** It is blank, and so young that no other one can have been there before it; absent: false. */
      readonly isFirst?: boolean
      /** It is older than one that had been read before this read began: its storage was restored; absent: false. */
      readonly hasGoneBack?: boolean
    }
  | { readonly ok: false; readonly problem: Exclude<LedgerProblem, 'lost'>; readonly detail: string }

/** The number that a resourceVersion is, of at most as many digits as 64 bits ever have; undefined when it is none. */
export function readRevision(text: string): bigint | undefined {
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
}

/** `claims` of other owners than this one. */
export function claimsOfOthers({ claims }: Ledger, owner: ObjectRef): readonly InFlight[] {
  const own = refKey(owner)
  return claims.filter(claim => refKey(claim.owner) !== own)
}

/** As claims that lie in a view beside stored ones. O(ranges). */
export function asViewClaims(inFlight: readonly InFlight[]): readonly Claim[] {
  return inFlight.flatMap(({ owner, taken }) =>
    taken.flatMap(({ domain, field, ranges }) =>
      ranges.map((range): Claim => ({ domain, range, field, holder: owner, state: 'inFlight' }))
    )
  )
}
