import type { Random } from '../differential/random.ts'
import type { Poolguard } from '../poolguard.ts'

/** Longest time between the end of a process and the start of the next. */
const MOST_AWAY_MS = 3_000

/** Kills poolguard now and then. */
export class Outages {
  count = 0
  /** When the last one was over, in milliseconds since 1970; Infinity while one lasts. */
  lastsUntilMs = 0
  private readonly poolguard: Pick<Poolguard, 'restart'>
  private readonly random: Random
  private readonly everyMs: number

  /** Every `everySeconds` on average; 0 for never. */
  constructor(poolguard: Pick<Poolguard, 'restart'>, random: Random, everySeconds: number) {
    this.poolguard = poolguard
    this.random = random
    this.everyMs = everySeconds * 1_000
  }

  /** Goes on until then; resolves when poolguard is there again. */
  async until(endMs: number): Promise<void> {
    if (this.everyMs === 0) return
    for (;;) {
      const waitMs = this.everyMs / 2 + this.random.int(this.everyMs)
      if (Date.now() + waitMs > endMs) return
      await new Promise(resolve => setTimeout(resolve, waitMs))
      this.lastsUntilMs = Infinity
      this.count += 1
      await this.poolguard.restart(this.random.int(MOST_AWAY_MS))
      this.lastsUntilMs = Date.now()
    }
  }
}
