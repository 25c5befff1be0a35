import type { View } from '../inventory/view.ts'
import type { KindName } from '../kinds/index.ts'
import { Continuity } from './continuity.ts'
import { GUARDED_KINDS } from './guarded-claims.ts'
import { asViewClaims, claimsOfOthers } from './ledger.ts'
import { limitOf, withClaim, type GrowingWrite, type LimitReason } from './growing-write.ts'
import type { Ledger, LedgerProblem } from './ledger.ts'
import { BUDGET_MS, RETRY_MS } from './limits.ts'
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

export type RetryReason = 'contended' | 'unknown' | 'unreadable' | LimitReason

/** Evaluates the write on a view; asked once or twice an attempt. */
export type Evaluate<E> = (view: View) => Promise<Evaluated<E>>

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

  /** Two calls to the ledger, more when others write it at the same time; ends in `BUDGET_MS` and one attempt. */
  async admit<E>(write: GrowingWrite, evaluate: Evaluate<E>): Promise<Guarded<E>> {
    const { clock } = this.ports
    const startedMs = clock.nowMs()
    const endTurn = await this.turns.take()
    let conflicts = 0
    try {
      let answer: Guarded<E> | undefined
      while (answer === undefined && clock.nowMs() - startedMs < BUDGET_MS) {
        if (conflicts > 0) await clock.sleep(RETRY_MS.min + (RETRY_MS.max - RETRY_MS.min) * clock.random())
        answer = await this.attempt(write, evaluate)
        if (answer === undefined) conflicts += 1
      }
      answer ??= { outcome: 'retry', why: 'contended' }
      this.ports.observe({
        outcome: eventOutcome(answer, write),
        conflicts,
        waitMs: clock.nowMs() - startedMs
      })
      return answer
    } finally {
      endTurn()
    }
  }

  /** undefined: somebody else wrote the ledger, or the view went back; again from the beginning. */
  private async attempt<E>(write: GrowingWrite, evaluate: Evaluate<E>): Promise<Guarded<E> | undefined> {
    const { store, objects } = this.ports
    const continued = this.continuity.follow(await store.read())
    if (!continued.ok) return closed(continued.problem)
    const { ledger } = continued
    const minRevision = await this.catchUp(ledger)
    if (minRevision === undefined) return { outcome: 'retry', why: 'unreadable' }
    const view = objects.view()
    const seen = this.revisions()
    const stored = await evaluate(view)
    if (stored.denies) return { outcome: 'denied', said: stored.said }
    const others = claimsOfOthers(ledger, write.owner).filter(({ taken }) => haveCommon(taken, write.taken))
    const beside = others.length === 0 ? stored : await evaluate(view.with(asViewClaims(others)))
    if (beside.denies) return { outcome: 'in-flight', said: beside.said }
    if (this.wentBack(seen)) return undefined
    if (write.isDryRun) return { outcome: 'passed', said: beside.said }
    const limit = limitOf(ledger, write)
    if (limit !== undefined) return { outcome: 'retry', why: limit }
    const put = await store.put(withClaim({ ...ledger, minRevision }, write, this.ports.newId()))
    if (put === 'unknown') return { outcome: 'retry', why: 'unknown' }
    return put === 'stored' ? { outcome: 'passed', said: beside.said } : undefined
  }

  /**
   * Makes the view as new as the ledger asks: whatever has lost its claim because it is stored is in it. Kinds that it does not
   * ask for yet are listed once. What it asks for from now on; undefined when a kind could not be read.
   */
  private async catchUp({ minRevision }: Ledger): Promise<Ledger['minRevision'] | undefined> {
    const { objects } = this.ports
    const isBehind = (kind: KindName, least = MOST_REVISION) => (objects.revision(kind) ?? -1n) < least
    const behind = objects.areRevisionsComparable
      ? GUARDED_KINDS.filter(kind => isBehind(kind, minRevision.get(kind)))
      : GUARDED_KINDS
    if (behind.length > 0 && !(await objects.list(behind))) return undefined
    const next = new Map(minRevision)
    for (const kind of behind) {
      const revision = objects.revision(kind)
      if (revision !== undefined && !next.has(kind)) next.set(kind, revision)
    }
    return next
  }

  /** Of `GUARDED_KINDS`, in their order. */
  private revisions(): readonly bigint[] {
    return GUARDED_KINDS.map(kind => this.ports.objects.revision(kind) ?? -1n)
  }

  /** Whether a list that was asked for earlier has put an older state in the place of a newer one since. */
  private wentBack(seen: readonly bigint[]): boolean {
    return this.revisions().some((revision, i) => revision < (seen[i] ?? -1n))
  }
}

function closed(problem: LedgerProblem): Guarded<never> {
  return problem === 'unreachable' ? { outcome: 'retry', why: 'unreadable' } : { outcome: 'closed', problem }
}

function eventOutcome({ outcome }: Guarded<unknown>, { isDryRun }: GrowingWrite): LedgerEvent['outcome'] {
  if (outcome !== 'passed') return outcome
  return isDryRun ? 'dry-run' : 'claimed'
}
