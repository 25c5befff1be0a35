import { isKindName } from '../kinds/index.ts'
import { refKey } from '../kinds/object-ref.ts'
import { blankLedger } from './codec.ts'
import { Continuity } from './continuity.ts'
import type { InFlight, Ledger, LedgerProblem } from './ledger.ts'
import { TTL_MS } from './limits.ts'
import type { LedgerPorts, PutOutcome, StoredObject } from './ports.ts'
import { isHeld } from './taken.ts'

/** What one round did. */
export interface Collected {
  /** undefined: there is a ledger to go by. */
  readonly problem: LedgerProblem | undefined
  /** Claims that are left. */
  readonly inFlight: number
  /** Claims dropped because their object is stored, and because their time was up. */
  readonly stored: number
  readonly expired: number
}

const NOTHING: Collected = { problem: undefined, inFlight: 0, stored: 0, expired: 0 }

/** A claim is another one after each put of its owner. */
type ClaimKey = string

/**
 * Takes back claims whose object is stored, and those that this replica has seen unchanged for `TTL_MS`. Each replica may run one;
 * whoever is first by compare-and-swap has done it.
 */
export class Collector {
  private readonly ports: LedgerPorts
  private readonly continuity: Continuity
  private firstSeenMs = new Map<ClaimKey, number>()

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
    const expired = ledger.claims.filter(claim => nowMs - this.seenSinceMs(claim, nowMs) >= TTL_MS)
    const owners = await objects.stored(ledger.claims.map(({ owner }) => owner))
    const verdicts = ledger.claims.map(claim => ({ claim, verdict: verdictOn(claim, expired, owners) }))
    const left = verdicts.filter(({ verdict }) => verdict === 'in-flight').map(({ claim }) => claim)
    const dropped = ledger.claims.filter(claim => !left.includes(claim))
    const stored = verdicts.filter(({ verdict }) => verdict === 'stored').length
    const inFlight = ledger.claims.length
    if (left.length === inFlight) return { ...NOTHING, inFlight }
    const minRevision = raised(ledger.minRevision, dropped, owners)
    const put = await store.put({ ...ledger, claims: left, minRevision })
    return report(put, { inFlight, left: left.length, stored })
  }

  private remember(claims: readonly InFlight[]): void {
    const nowMs = this.ports.clock.nowMs()
    this.firstSeenMs = new Map(claims.map(claim => [keyOf(claim), this.seenSinceMs(claim, nowMs)]))
  }

  private seenSinceMs(claim: InFlight, nowMs: number): number {
    return this.firstSeenMs.get(keyOf(claim)) ?? nowMs
  }

  /** It asks for no revisions, so that all objects are listed before anything passes by it. */
  private async makeAnew(): Promise<void> {
    await this.ports.store.put({ ...blankLedger({ version: '', lineage: '' }), isBlank: false })
  }
}

function verdictOn(
  claim: InFlight,
  expired: readonly InFlight[],
  owners: ReadonlyMap<string, StoredObject | null>
): 'stored' | 'expired' | 'in-flight' {
  const owner = owners.get(refKey(claim.owner))
  // Where the object cannot be read nobody knows whether the write came through, however long ago.
  if (owner === undefined) return 'in-flight'
  if (owner !== null && owner.uid === claim.uid && isHeld(claim.taken, owner.claims)) return 'stored'
  return expired.includes(claim) ? 'expired' : 'in-flight'
}

/**
 * By kind, the latest revision of an object whose claim is dropped. Of expired ones too: one that could not be told to be stored
 * (for several of the same name) may be all the same.
 */
function raised(
  minRevision: Ledger['minRevision'],
  dropped: readonly InFlight[],
  owners: ReadonlyMap<string, StoredObject | null>
): Ledger['minRevision'] {
  const next = new Map(minRevision)
  for (const { owner } of dropped) {
    const revision = owners.get(refKey(owner))?.revision
    if (revision === undefined || !isKindName(owner.kind)) continue
    const least = next.get(owner.kind) ?? -1n
    if (revision > least) next.set(owner.kind, revision)
  }
  return next
}

function report(
  put: PutOutcome,
  { inFlight, left, stored }: { readonly inFlight: number; readonly left: number; readonly stored: number }
): Collected {
  if (put !== 'stored') return { ...NOTHING, inFlight }
  return { problem: undefined, inFlight: left, stored, expired: inFlight - left - stored }
}

function keyOf({ owner, id }: InFlight): ClaimKey {
  return `${refKey(owner)} ${id}`
}
