import type { Clock } from './clock.ts'
import type { ClusterError } from './cluster-error.ts'
import type { ApiServer } from './connect.ts'
import { createEvent, type EventFacts, type Reporter } from './event.ts'

export interface EventReporterOptions extends Reporter {
  readonly api: ApiServer
  readonly clock: Clock
  /** What is to be told as things are now; undefined while that is not known. Called at most once in `roundMs`. Must not throw. */
  readonly find: () => readonly EventFacts[] | undefined
  /** After every attempt. Must not throw. */
  readonly told: (facts: EventFacts, outcome: 'created' | 'exists' | ClusterError) => void
  readonly timings?: Partial<EventTimings>
}

export interface EventTimings {
  /** From a change to the look at what it changed: a new Node is written many times in its first seconds. */
  readonly settleMs: number
  /** Between two looks. */
  readonly roundMs: number
  /** After an attempt that failed. */
  readonly retryMs: number
  /** Events of one round; the others wait for the next. */
  readonly mostInRound: number
}

/** At most 2 Events a second, and none when nothing is new. */
const DEFAULT_TIMINGS: EventTimings = { settleMs: 1_000, roundMs: 10_000, retryMs: 60_000, mostInRound: 20 }

/** The API server will not take this Event however often it is asked; the others need not wait for it. */
const NEVER_TAKEN: readonly number[] = [400, 422]

/**
 * Tells each fact once, by an Event: once for all replicas too, since its name is made of the fact. A fact that ended and
 * comes again is told again. Holds no more than what `find` answers, and waits for nobody.
 */
export class EventReporter {
  private readonly options: EventReporterOptions
  private readonly timings: EventTimings
  private readonly stopping = new AbortController()
  /** Names of Events that are told, of those facts that still hold. */
  private told = new Set<string>()
  private cancelTimer: (() => void) | undefined
  private round: Promise<void> | undefined
  private earliestMs = 0
  private isChanged = false

  constructor(options: EventReporterOptions) {
    this.options = options
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings }
  }

  /** Something changed that facts may rest on. Cheap, and safe to call from a watch. */
  changed(): void {
    this.isChanged = true
    this.schedule(this.timings.settleMs)
  }

  /** Resolves when nothing is on its way any more. */
  async stop(): Promise<void> {
    this.stopping.abort()
    this.cancelTimer?.()
    await this.round
  }

  private schedule(afterMs: number): void {
    if (this.cancelTimer !== undefined || this.round !== undefined || this.stopping.signal.aborted) return
    const { clock } = this.options
    const waitMs = Math.max(afterMs, this.earliestMs - clock.nowMs())
    this.cancelTimer = clock.after(waitMs, () => {
      this.cancelTimer = undefined
      this.earliestMs = clock.nowMs() + this.timings.roundMs
      this.round = this.runRound()
    })
  }

  private async runRound(): Promise<void> {
    this.isChanged = false
    const nextMs = await this.tellNew()
    this.round = undefined
    if (nextMs !== undefined || this.isChanged) this.schedule(nextMs ?? this.timings.settleMs)
  }

  /** Tells what is new; when to go on with what is left of it. */
  private async tellNew(): Promise<number | undefined> {
    const { api, find, told } = this.options
    const facts = find()
    if (facts === undefined) return undefined
    this.told = new Set(facts.map(({ name }) => name).filter(name => this.told.has(name)))
    const untold = facts.filter(({ name }) => !this.told.has(name))
    for (const fact of untold.slice(0, this.timings.mostInRound)) {
      const outcome = await createEvent(api, fact, { ...this.options, signal: this.stopping.signal })
      if (this.stopping.signal.aborted) return undefined
      told(fact, outcome)
      const isDone = typeof outcome === 'string' || NEVER_TAKEN.includes(outcome.status)
      if (!isDone) return Math.max(this.timings.retryMs, outcome.retryAfterMs ?? 0)
      this.told.add(fact.name)
    }
    return untold.length > this.timings.mostInRound ? 0 : undefined
  }
}
