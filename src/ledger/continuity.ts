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
  detail: 'it was deleted, emptied or made anew',
  isOver: false
}

/**
 * Tells whether the ledger that is read is the one that was there before. One that was deleted, emptied or replaced takes claims
 * in flight with it, so that this process goes by none until all writes that were allowed by then are stored or failed.
 */
export class Continuity {
  private readonly nowMs: () => number
  private known: Pick<Ledger, 'version' | 'lineage' | 'isBlank'> | undefined
  private lostAtMs: number | undefined

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  follow(read: LedgerRead): Continued {
    if (!read.ok) {
      if (read.problem === 'missing') this.lostAtMs ??= this.nowMs()
      return { ...read, isOver: read.problem === 'missing' && this.isOver() }
    }
    const { ledger } = read
    // Read earlier than what is known; no put of it will succeed, so it tells nothing of a loss.
    const isStale = this.known !== undefined && isOlder(ledger.version, this.known.version)
    if (isStale && this.lostAtMs === undefined) return { ok: true, ledger }
    if (isStale) return LOST
    if (this.isAnother(ledger)) this.lostAtMs ??= this.nowMs()
    // Whoever made it anew has waited already.
    if (ledger.origin === 'loss' || this.isOver()) this.lostAtMs = undefined
    if (this.lostAtMs !== undefined) return LOST
    this.known = ledger
    return { ok: true, ledger }
  }

  private isAnother({ lineage, isBlank }: Ledger): boolean {
    const { known } = this
    return known !== undefined && (lineage !== known.lineage || (isBlank && !known.isBlank))
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
