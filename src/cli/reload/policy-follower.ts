import type { Clock } from '../../cluster/clock.ts'
import type { Reading } from './reading.ts'

export interface FollowerPorts {
  readonly read: () => Reading
  /** Calls `changed` at every sign of a change, which may be none at all. */
  readonly watch: (changed: () => void) => PolicyWatch
  readonly clock: Clock
}

export interface PolicyWatch {
  /** Watches what the paths lead to now; called before every look, so it must be cheap. */
  renew(): void
  close(): void
}

export interface FollowerTimings {
  /** From the last sign of a change to the look at it: files are seldom written one at a time. */
  readonly settleMs: number
  /** The longest that signs which never end put off a look. */
  readonly mostSettleMs: number
  /** Between two readings that must agree. */
  readonly agreeMs: number
  /** Readings in a row that disagree before it waits for the next look. */
  readonly mostReadings: number
  /** Between two looks without any sign: file systems that tell nothing, and links above the folder. */
  readonly pollMs: number
}

const DEFAULT_TIMINGS: FollowerTimings = {
  settleMs: 500,
  mostSettleMs: 5_000,
  agreeMs: 100,
  mostReadings: 20,
  pollMs: 10_000
}

export interface FollowerOptions {
  readonly ports: FollowerPorts
  /** What is in force at the start. */
  readonly first: Reading
  /** Called with each new state of the files once it holds still, also with one that cannot be read. Must not throw. */
  readonly offer: (reading: Reading) => void
  /** Called when the files would not hold still. Must not throw. */
  readonly unsettled: () => void
  readonly timings?: Partial<FollowerTimings>
}

/**
 * Offers what policy files become, each state once. A state is offered after two readings that agree, so never half of one
 * and half of the next: see `readPolicies`. Nothing is awaited, and a reading blocks for as long as the files take to read.
 */
export class PolicyFollower {
  private readonly options: FollowerOptions
  private readonly timings: FollowerTimings
  private readonly watch: PolicyWatch
  /** The stamp of what was offered last. */
  private offered: string
  private cancelTimer: (() => void) | undefined
  /** When the first sign came that no look has answered yet; undefined: there is none. */
  private signMs: number | undefined
  private isAgreeing = false
  private isStopped = false

  constructor(options: FollowerOptions) {
    this.options = options
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings }
    this.offered = options.first.stamp
    this.watch = options.ports.watch(() => this.changed())
    // What was written between the first reading and the watch gave no sign.
    this.changed()
  }

  stop(): void {
    this.isStopped = true
    this.cancelTimer?.()
    this.watch.close()
  }

  private changed(): void {
    // The reading to come is later than the sign.
    if (this.isAgreeing) return
    const nowMs = this.options.ports.clock.nowMs()
    this.signMs ??= nowMs
    const { settleMs, mostSettleMs } = this.timings
    const leftMs = Math.max(this.signMs + mostSettleMs - nowMs, 0)
    this.after(Math.min(settleMs, leftMs), () => this.look())
  }

  private look(): void {
    this.signMs = undefined
    this.watch.renew()
    const reading = this.options.ports.read()
    if (reading.stamp === this.offered) this.wait()
    else this.agree(reading, 1)
  }

  /** Reads until two readings agree; `readings` were made. */
  private agree(before: Reading, readings: number): void {
    this.isAgreeing = true
    this.after(this.timings.agreeMs, () => {
      const reading = this.options.ports.read()
      const isSettled = reading.stamp === before.stamp
      if (!isSettled && readings + 1 < this.timings.mostReadings) return this.agree(reading, readings + 1)
      this.isAgreeing = false
      if (!isSettled) this.options.unsettled()
      else if (reading.stamp !== this.offered) {
        this.offered = reading.stamp
        this.options.offer(reading)
      }
      this.wait()
    })
  }

  private wait(): void {
    this.after(this.timings.pollMs, () => this.look())
  }

  /** One timer at a time: the last one that was asked for. */
  private after(ms: number, run: () => void): void {
    this.cancelTimer?.()
    if (this.isStopped) return
    this.cancelTimer = this.options.ports.clock.after(ms, run)
  }
}
