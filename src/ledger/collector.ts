import { isKindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { blankLedger } from './codec.ts'
import { Continuity } from './continuity.ts'
import type { Attempt, InFlight, Ledger, LedgerProblem } from './ledger.ts'
import { isOver } from './is-over.ts'
import { TTL_MS } from './limits.ts'
import type { LedgerPorts, StoredObject } from './ports.ts'

/** What one round did. */
export interface Collected {
  /** undefined: there is a ledger to go by. */
  readonly problem: LedgerProblem | undefined
  /** Claims that are left. */
  readonly inFlight: number
  /** Writes whose claim is dropped because their object is stored, and because their time was up. */
  readonly stored: number
  readonly expired: number
}

const NOTHING: Collected = { problem: undefined, inFlight: 0, stored: 0, expired: 0 }

/**
 * Takes back claims whose writes are over: those that are stored, and those that this replica has seen unchanged for `TTL_MS`. Each replica may run one;
 * whoever is first by compare-and-swap has done it.
 */
export class Collector {
  private readonly ports: LedgerPorts
  private readonly continuity: Continuity
  /** By the id of an attempt, which is another one after each put. */
  private firstSeenMs = new Map<string, number>()

  constructor(ports: LedgerPorts, continuity = new Continuity(() => ports.clock.nowMs())) {
    this.ports = ports
    this.continuity = continuity
  }

  /** One round: one read of the ledger; one of each owner, and one put, when there are claims. */
  async collect(): Promise<Collected> {
    const { store, objects, clock } = this.ports
    const continued = this.continuity.follow(await store.read())
    if (!continued.ok) {
      if (continued.isOver) await this.makeAnew()
      return { ...NOTHING, problem: continued.problem }
    }
    const { ledger } = continued
    // A replica that starts later cannot tell a blank one from one that was lost.
    if (ledger.isBlank) await store.put({ ...ledger, isBlank: false })
    this.remember(ledger.claims)
    if (ledger.claims.length === 0) return NOTHING
    const nowMs = clock.nowMs()
    // Before the objects are read: a write whose time is up by now is in what is read then, or never comes.
    const isOld = (attempt: Attempt) => nowMs - this.seenSinceMs(attempt, nowMs) >= TTL_MS
    const owners = await objects.stored(ledger.claims.map(({ owner }) => owner))
    const verdicts = ledger.claims.flatMap(({ owner, attempts }) => {
      const stored = owners.get(refKey(owner))
      return attempts.map((attempt): Verdict => {
        const isStored = isOver(attempt, stored, objects.areRevisionsComparable)
        return { owner, attempt, is: isStored ? 'stored' : isOld(attempt) ? 'expired' : 'in-flight' }
      })
    })
    const dropped = verdicts.filter(({ is }) => is !== 'in-flight')
    const inFlight = ledger.claims.length
    if (dropped.length === 0) return { ...NOTHING, inFlight }
    const claims = without(ledger.claims, dropped)
    const put = await store.put({
      ...ledger,
      claims,
      minRevision: raised(ledger.minRevision, dropped, owners)
    })
    if (put !== 'stored') return { ...NOTHING, inFlight }
    const stored = dropped.filter(({ is }) => is === 'stored').length
    return { problem: undefined, inFlight: claims.length, stored, expired: dropped.length - stored }
  }

  private remember(claims: readonly InFlight[]): void {
    const nowMs = this.ports.clock.nowMs()
    const attempts = claims.flatMap(claim => claim.attempts)
    this.firstSeenMs = new Map(attempts.map(attempt => [attempt.id, this.seenSinceMs(attempt, nowMs)]))
  }

  private seenSinceMs({ id }: Attempt, nowMs: number): number {
    return this.firstSeenMs.get(id) ?? nowMs
  }

  /** It asks for no revisions, so that all objects are listed before anything passes by it. */
  private async makeAnew(): Promise<void> {
    await this.ports.store.put({ ...blankLedger({ version: '', lineage: '' }), isBlank: false })
  }
}

interface Verdict {
  readonly owner: ObjectRef
  readonly attempt: Attempt
  readonly is: 'stored' | 'expired' | 'in-flight'
}

/** Claims keep what is left of their attempts, and go when nothing is. */
function without(claims: readonly InFlight[], dropped: readonly Verdict[]): readonly InFlight[] {
  const gone = new Set(dropped.map(({ attempt }) => attempt))
  return claims.flatMap(claim => {
    const attempts = claim.attempts.filter(attempt => !gone.has(attempt))
    return attempts.length === 0 ? [] : [{ ...claim, attempts }]
  })
}

/**
 * By kind, the latest revision of an object that an attempt is dropped of, also of expired ones, which may be stored all the same.
 * A kind that is asked for no longer is listed before anything passes by it: so are those of objects that could not be read, and
 * whose write may have come through at any revision. Only that list ends it, so that a revision never stands in for it.
 */
function raised(
  minRevision: Ledger['minRevision'],
  dropped: readonly Verdict[],
  owners: ReadonlyMap<string, StoredObject | null>
): Ledger['minRevision'] {
  const next = new Map(minRevision)
  for (const { owner } of dropped) {
    const stored = owners.get(refKey(owner))
    if (stored === null || !isKindName(owner.kind)) continue
    const least = next.get(owner.kind)
    if (stored?.revision === undefined) next.delete(owner.kind)
    else if (least !== undefined && stored.revision > least) next.set(owner.kind, stored.revision)
  }
  return next
}
