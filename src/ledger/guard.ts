import type { View } from '../inventory/view.ts'
import type { KindName } from '../kinds/index.ts'
import { Continuity } from './continuity.ts'
import { refKey } from '../kinds/object-ref.ts'
import { concerning, GUARDED_KINDS } from './guarded-claims.ts'
import { isOver } from './is-over.ts'
import { asViewClaims, claimsOfOthers } from './ledger.ts'
import { limitOf, withClaim, type GrowingWrite, type LimitReason, type Taking } from './growing-write.ts'
import type { Ledger, LedgerProblem } from './ledger.ts'
import { ANSWER_MS, BUDGET_MS, RETRY_MS } from './limits.ts'
import type { LedgerEvent, LedgerPorts } from './ports.ts'
import { haveCommon } from './taken.ts'
import { Turns } from './turns.ts'

/** What the rules said about the write on one view. */
export interface Evaluated<E> {
  readonly denies: boolean
  readonly said: E
}

/**
 * - `passed`: nobody else has the addresses, and unless it is a dry run they are claimed now: answer at once.
 * - `denied`: by what is stored.
 * - `in-flight`: by what another write, which may yet fail, is about to take.
 * - `retry`: nothing is wrong with the write; another moment may do. After `unknown` it may be claimed all the same.
 * - `closed`: no ledger to go by.
 */
export type Guarded<E> =
  | { readonly outcome: 'passed' | 'denied' | 'in-flight'; readonly said: E }
  | { readonly outcome: 'retry'; readonly why: RetryReason }
  | { readonly outcome: 'closed'; readonly problem: LedgerProblem }

export type RetryReason = 'contended' | 'concerned' | 'unknown' | 'unreadable' | LimitReason

type Judged<E> =
  | { readonly outcome: 'denied' | 'in-flight'; readonly said: E }
  | { readonly outcome: 'passed'; readonly said: E; readonly taking: GrowingWrite & Taking }

/** Evaluates the write on a view; asked once or twice an attempt. */
export type Evaluate<E> = (view: View) => Promise<Evaluated<E>>

const CONTENDED: Guarded<never> = { outcome: 'retry', why: 'contended' }

/** More than etcd ever gets to. */
const MOST_REVISION = 1n << 64n

/**
 * Lets a write that takes addresses pass only once it is sure that no other one takes the same: reads the ledger, then the
 * objects, then claims by compare-and-swap. The order matters; docs/adr/0016 has the argument.
 */
export class Guard {
  private readonly ports: LedgerPorts
  private readonly continuity: Continuity
  private readonly turns = new Turns()

  constructor(ports: LedgerPorts, continuity = new Continuity(() => ports.clock.nowMs())) {
    this.ports = ports
    this.continuity = continuity
  }

  /** For `GrowingWrite.sinceMs`. */
  nowMs(): number {
    return this.ports.clock.nowMs()
  }

  /**
   * Two calls to the ledger, more when others write it at the same time. Puts nothing later than `BUDGET_MS` after the review came,
   * and answers by `ANSWER_MS`.
   */
  async admit<E>(write: GrowingWrite, evaluate: Evaluate<E>): Promise<Guarded<E>> {
    const { clock } = this.ports
    const leftMs = Math.max(0, write.sinceMs + ANSWER_MS - this.nowMs())
    const work = await clock.within(this.inTurn(write, evaluate), leftMs)
    const { answer = CONTENDED, conflicts } = work ?? { conflicts: 0 }
    this.ports.observe({
      outcome: eventOutcome(answer, write),
      conflicts,
      waitMs: this.nowMs() - write.sinceMs
    })
    return answer
  }

  /** Attempts until one comes to an answer, after those of the writes that came before; none when there is no time left. */
  private async inTurn<E>(
    write: GrowingWrite,
    evaluate: Evaluate<E>
  ): Promise<{ readonly answer?: Guarded<E>; readonly conflicts: number }> {
    const { clock } = this.ports
    const endTurn = await this.turns.take()
    try {
      let conflicts = 0
      while (!this.isLate(write)) {
        if (conflicts > 0) await clock.sleep(RETRY_MS.min + (RETRY_MS.max - RETRY_MS.min) * clock.random())
        const answer = await this.attempt(write, evaluate)
        if (answer !== undefined) return { answer, conflicts }
        conflicts += 1
      }
      return { conflicts }
    } finally {
      endTurn()
    }
  }

  private isLate({ sinceMs }: GrowingWrite): boolean {
    return this.nowMs() - sinceMs >= BUDGET_MS
  }

  /** undefined: somebody else wrote the ledger, the view went back, or it took too long; again from the beginning, if there is time. */
  private async attempt<E>(write: GrowingWrite, evaluate: Evaluate<E>): Promise<Guarded<E> | undefined> {
    const { store, objects } = this.ports
    const continued = this.continuity.follow(await store.read())
    if (!continued.ok) return closed(continued.problem)
    const { ledger } = continued
    const { timesReplaced } = objects
    const minRevision = await this.catchUp(ledger)
    if (minRevision === undefined) return { outcome: 'retry', why: 'unreadable' }
    if (!(await this.isSettled(ledger, write))) return { outcome: 'retry', why: 'concerned' }
    const said = await this.judge(ledger, write, evaluate)
    if (said.outcome !== 'passed') return said
    if (objects.timesReplaced !== timesReplaced || !this.hasAll(minRevision)) return undefined
    const outcome = write.isDryRun ? 'passed' : await this.claim({ ...ledger, minRevision }, said.taking)
    if (outcome === 'passed') return { outcome, said: said.said }
    return outcome && { outcome: 'retry', why: outcome }
  }

  /** Whether no write is under way that changes what this one takes; those that are stored by now are in the view then. */
  private async isSettled({ claims }: Ledger, write: GrowingWrite): Promise<boolean> {
    const { objects } = this.ports
    const concerned = concerning(claims, write.owner, write.takenOn(objects.view()))
    if (concerned.length === 0) return true
    const stored = await objects.stored(concerned.map(claim => claim.owner))
    return concerned.every(claim =>
      claim.attempts.every(attempt =>
        isOver(attempt, stored.get(refKey(claim.owner)), objects.areRevisionsComparable)
      )
    )
  }

  /** By what is stored, and by what others are about to take of the same addresses. */
  private async judge<E>(ledger: Ledger, write: GrowingWrite, evaluate: Evaluate<E>): Promise<Judged<E>> {
    const view = this.ports.objects.view()
    const stored = await evaluate(view)
    if (stored.denies) return { outcome: 'denied', said: stored.said }
    // Only now: what a Vpc or an address takes depends on Subnets, of which the view may have lacked some before.
    const taking = { ...write, taken: write.takenOn(view) }
    const others = claimsOfOthers(ledger, write.owner).filter(({ taken }) => haveCommon(taken, taking.taken))
    const beside = others.length === 0 ? stored : await evaluate(view.with(asViewClaims(others)))
    if (beside.denies) return { outcome: 'in-flight', said: beside.said }
    return { outcome: 'passed', said: beside.said, taking }
  }

  /** undefined as of `attempt`. */
  private async claim(
    ledger: Ledger,
    taking: GrowingWrite & Taking
  ): Promise<'passed' | RetryReason | undefined> {
    if (taking.taken.length === 0) return 'passed'
    const limit = limitOf(ledger, taking)
    if (limit !== undefined) return limit
    if (this.isLate(taking)) return undefined
    const put = await this.ports.store.put(withClaim(ledger, taking, this.ports.newId()))
    if (put === 'unknown') return 'unknown'
    return put === 'stored' ? 'passed' : undefined
  }

  /**
   * Makes the view as new as the ledger asks: whatever has lost its claim because it is stored is in it. Kinds that it does not
   * ask for yet are listed once. What it asks for from now on; undefined when a kind could not be read.
   */
  private async catchUp({ minRevision }: Ledger): Promise<Ledger['minRevision'] | undefined> {
    const { objects } = this.ports
    const behind = objects.areRevisionsComparable ? this.behind(minRevision) : GUARDED_KINDS
    if (behind.length > 0 && !(await objects.list(behind))) return undefined
    const next = new Map(minRevision)
    for (const kind of behind) {
      const revision = objects.revision(kind)
      if (revision !== undefined && !next.has(kind)) next.set(kind, revision)
    }
    return next
  }

  /**
   * Whether the view is as new as that. A list that was asked for earlier may have put an older state in the place of a newer one
   * meanwhile; one that was mended again shows in `timesReplaced` alone.
   */
  private hasAll(minRevision: Ledger['minRevision']): boolean {
    return !this.ports.objects.areRevisionsComparable || this.behind(minRevision).length === 0
  }

  /** The kinds of which the view is older than this asks, or of which it asks for nothing yet. */
  private behind(minRevision: Ledger['minRevision']): readonly KindName[] {
    const { objects } = this.ports
    const isBehind = (kind: KindName, least = MOST_REVISION) => (objects.revision(kind) ?? -1n) < least
    return GUARDED_KINDS.filter(kind => isBehind(kind, minRevision.get(kind)))
  }
}

function closed(problem: LedgerProblem): Guarded<never> {
  return problem === 'unreachable' ? { outcome: 'retry', why: 'unreadable' } : { outcome: 'closed', problem }
}

function eventOutcome({ outcome }: Guarded<unknown>, { isDryRun }: GrowingWrite): LedgerEvent['outcome'] {
  if (outcome !== 'passed') return outcome
  return isDryRun ? 'dry-run' : 'claimed'
}
