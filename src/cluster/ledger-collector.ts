import type { Collected } from '../ledger/collector.ts'
import { COLLECT_EVERY_MS } from '../ledger/limits.ts'
import type { Clock } from './clock.ts'

export interface CollectorLoopOptions {
  /** One round. What it rejects with counts as nothing. */
  readonly collect: () => Promise<Collected>
  readonly clock: Clock
  /** After each round. Must not throw. */
  readonly told: (collected: Collected) => void
  readonly everyMs?: number
  readonly settleMs?: number
}

/** From a change of an object to the round that takes its claim back: one round for several that come together. */
const SETTLE_MS = 20

/**
 * Runs the collector every `COLLECT_EVERY_MS`, less up to a quarter so that replicas spread, and soon after a change while claims
 * are known to be in flight, so that these live less than a second.
 */
export class CollectorLoop {
  private readonly options: CollectorLoopOptions
  private cancelTimer: () => void = () => {}
  private round: Promise<void> | undefined
  private areClaimsLeft = false
  /** Since the last round began, which may have read the ledger before. */
  private hasClaimed = false
  private isChanged = false
  private isStopped = false

  /** The first round starts at once: it learns which ledger there is. */
  constructor(options: CollectorLoopOptions) {
    this.options = options
    this.run()
  }

  /** This process has made a claim. */
  claimed(): void {
    this.hasClaimed = true
    this.areClaimsLeft = true
  }

  /** An object that may have been claimed for was written. Cheap. */
  changed(): void {
    if (!this.areClaimsLeft || this.isChanged) return
    this.isChanged = true
    if (this.round === undefined) this.after(this.options.settleMs ?? SETTLE_MS)
  }

  /** Resolves when no round is under way any more. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.cancelTimer()
    await this.round
  }

  private after(ms: number): void {
    this.cancelTimer()
    if (!this.isStopped) this.cancelTimer = this.options.clock.after(ms, () => this.run())
  }

  private run(): void {
    this.isChanged = false
    this.hasClaimed = false
    this.round = this.once().finally(() => {
      this.round = undefined
      const { everyMs = COLLECT_EVERY_MS, settleMs = SETTLE_MS, clock } = this.options
      this.after(this.isChanged ? settleMs : everyMs * (1 - clock.random() / 4))
    })
  }

  private async once(): Promise<void> {
    const { collect, told } = this.options
    const collected = await collect().catch(() => undefined)
    if (collected === undefined) return
    this.areClaimsLeft = collected.inFlight > 0 || this.hasClaimed
    told(collected)
  }
}
