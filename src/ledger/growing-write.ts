import type { View } from '../inventory/view.ts'
import { sameRef, type ObjectRef } from '../kinds/object-ref.ts'
import { encodeLedger } from './codec.ts'
import type { Attempt, ClaimedRanges, InFlight, Ledger } from './ledger.ts'
import { MOST_BYTES, MOST_CLAIMS, MOST_IN_FLIGHT, MOST_OF_TENANT, OF_TENANTS } from './limits.ts'
import { areSame } from './taken.ts'

/** A write of one object, and for whom. */
export interface Claimant {
  readonly owner: ObjectRef
  /** Of the object, which a CREATE has by now too; '' when it has none. */
  readonly uid: string
  /** The revision of the object that it replaces: 0 for a CREATE; undefined when that is not known. */
  readonly replaces: bigint | undefined
  readonly requester: string
  /** For whom; '' for the platform. Whoever is of no known tenant has a text in common that no tenant is named. */
  readonly tenant: string
}

/** A write that may take addresses. */
export interface GrowingWrite extends Claimant {
  /** What the object takes beyond what is stored, as a view tells it; empty: nothing after all. */
  takenOn(view: View): readonly ClaimedRanges[]
  readonly isDryRun: boolean
  /** When the review came in, on the guard's own clock (`nowMs`). */
  readonly sinceMs: number
}

/** A write, and what it takes: at least one range. */
export interface Taking extends Claimant {
  readonly taken: readonly ClaimedRanges[]
}

/** Whose claims are too many: the requester's, its tenant's, or everybody's together. */
export type LimitReason = 'too-many' | 'too-many-of-tenant' | 'full'

/**
 * The ledger with a claim for the write, beside those that its object has for other ranges: each lasts until its own writes are
 * over. Always another ledger, though the same may be claimed already: only the put tells that nobody came between.
 */
export function withClaim(ledger: Ledger, write: Taking, id: string): Ledger {
  const known = ledger.claims.find(claim => isOf(claim, write))
  const { owner, uid, replaces, requester, tenant, taken } = write
  const attempts = withAttempt(known?.attempts ?? [], { uid, replaces, id })
  const claim: InFlight = { owner, requester, tenant, attempts, taken }
  return { ...ledger, isBlank: false, claims: [...ledger.claims.filter(other => other !== known), claim] }
}

/**
 * What keeps the write from being claimed; undefined: nothing. A write that has its claim already counts once, so that it can be
 * tried again and again. O(ledger).
 */
export function limitOf(ledger: Ledger, write: Taking): LimitReason | undefined {
  const others = ledger.claims.filter(claim => !isOf(claim, write))
  const { requester, tenant } = write
  if (others.filter(claim => claim.requester === requester).length >= MOST_IN_FLIGHT) return 'too-many'
  const share = tenant === '' ? 1 : OF_TENANTS
  if (tenant !== '') {
    const ofTenants = others.filter(claim => claim.tenant !== '')
    if (ofTenants.filter(claim => claim.tenant === tenant).length >= MOST_OF_TENANT)
      return 'too-many-of-tenant'
    if (ofTenants.length >= MOST_CLAIMS * share) return 'full'
  }
  if (others.length >= MOST_CLAIMS) return 'full'
  const text = encodeLedger(withClaim(ledger, write, ''))
  return new TextEncoder().encode(text).length > MOST_BYTES * share ? 'full' : undefined
}

function isOf(claim: InFlight, { owner, taken }: Taking): boolean {
  return sameRef(claim.owner, owner) && areSame(claim.taken, taken)
}

/**
 * Those known, and this one last. Each attempt of a CREATE has another uid, so that a client that tries again and again would
 * fill the ledger: all but the latest become one without uid, which ends only by the time of the last of them.
 */
function withAttempt(known: readonly Attempt[], attempt: Attempt): readonly Attempt[] {
  const same = known.find(({ uid }) => uid === attempt.uid)
  const others = known.filter(other => other !== same)
  const last = others.at(-1)
  const replaces = same === undefined ? attempt.replaces : latest(same.replaces, attempt.replaces)
  const latestOne = { ...attempt, replaces }
  if (last === undefined) return [latestOne]
  return [others.length === 1 ? last : { ...last, uid: '', replaces: undefined }, latestOne]
}

/** Of two updates of one object that replace different revisions, the one of the earlier is over. */
function latest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return undefined
  return a > b ? a : b
}
