import type { Ledger, LedgerProblem, LedgerRead } from './ledger.ts'
import { TTL_MS } from './limits.ts'

/** A ledger to go by, or why there is none. `isOver`: whatever a lost one held is over by now, and it can be made anew. */
export type Continued =
  | { readonly ok: true; readonly ledger: Ledger }
  | {
      readonly ok: false
      readonly problem: LedgerProblem
      readonly detail: string
      readonly isOver: boolean
    }

const LOST: Continued = {
  ok: false,
  problem: 'lost',
  detail: 'it was deleted, emptied, made anew or restored',
  isOver: false
}

/**
 * Tells whether the ledger that is read is the one that was there before. One that was deleted, emptied, replaced or restored to an
 * earlier version takes claims in flight with it, so that this replica goes by none until all writes that were allowed by then are
 * stored or failed. Whoever made another in the meantime is not trusted to have waited: it may have done so for an earlier loss.
 * A blank one at first sight may be in the place of another, unless it is the first there ever was.
 */
export class Continuity {
  private readonly nowMs: () => number
  /** The newest that was seen, and whether it was gone after that. */
  private last: Pick<Ledger, 'version' | 'lineage' | 'isBlank'> | undefined
  private isMissing = false
  private lostAtMs: number | undefined

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  follow(read: LedgerRead): Continued {
    if (!read.ok) {
      if (read.problem === 'missing') this.miss()
      return { ...read, isOver: read.problem === 'missing' && this.isOver() }
    }
    const { ledger, isFirst = false, hasGoneBack = false } = read
    if (hasGoneBack) this.goBack(ledger)
    else if (!this.isStale(ledger)) this.see(ledger, isFirst)
    if (this.isOver()) this.lostAtMs = undefined
    return this.lostAtMs === undefined ? { ok: true, ledger } : LOST
  }

  private miss(): void {
    if (!this.isMissing) this.lostAtMs = this.nowMs()
    this.isMissing = true
  }

  private see(ledger: Ledger, isFirst: boolean): void {
    if (this.isAnother(ledger, isFirst) && !this.isMissing) this.lostAtMs = this.nowMs()
    this.remember(ledger)
  }

  private isAnother({ lineage, isBlank }: Ledger, isFirst: boolean): boolean {
    const { last } = this
    if (last === undefined) return isBlank && !isFirst
    return lineage !== last.lineage || (isBlank && !last.isBlank)
  }

  /** What was claimed since the version that it went back to is lost. */
  private goBack(ledger: Ledger): void {
    this.lostAtMs = this.nowMs()
    this.remember(ledger)
  }

  private remember({ version, lineage, isBlank }: Ledger): void {
    this.isMissing = false
    this.last = { version, lineage, isBlank }
  }

  /** Read earlier than what was seen since; no put of it will succeed, so it tells nothing of a loss. */
  private isStale({ version }: Ledger): boolean {
    const { last } = this
    if (last === undefined) return false
    return isOlder(version, last.version) || (this.isMissing && version === last.version)
  }

  private isOver(): boolean {
    return this.lostAtMs !== undefined && this.nowMs() - this.lostAtMs >= TTL_MS
  }
}

/** Certain only where versions are numbers. */
function isOlder(version: string, than: string): boolean {
  const areNumbers = /^\d+$/.test(version) && /^\d+$/.test(than)
  return areNumbers && BigInt(version) < BigInt(than)
}
