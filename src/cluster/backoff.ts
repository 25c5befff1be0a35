import type { Clock } from './clock.ts'

/**
 * Waiting times that double from `minMs` to `maxMs`; each is drawn between half and all of the present step, so that
 * replicas which failed together do not come back together.
 */
export class Backoff {
  private readonly clock: Clock
  private readonly minMs: number
  private readonly maxMs: number
  private attempts = 0

  constructor(clock: Clock, range: { readonly minMs: number; readonly maxMs: number }) {
    this.clock = clock
    this.minMs = range.minMs
    this.maxMs = range.maxMs
  }

  /** How long to wait now, in milliseconds: from `minMs` to `maxMs`. */
  next(): number {
    const stepMs = Math.min(this.maxMs, 2 * this.minMs * 2 ** this.attempts)
    this.attempts += 1
    return stepMs * (0.5 + this.clock.random() / 2)
  }

  /** Starts over from `minMs`. */
  reset(): void {
    this.attempts = 0
  }
}
