import type { KindName } from '../../src/kinds/index.ts'
import { refKey } from '../../src/kinds/object-ref.ts'
import type { Continuity } from '../../src/ledger/continuity.ts'
import type { GrowingWrite } from '../../src/ledger/growing-write.ts'
import type { Evaluate, Guarded } from '../../src/ledger/guard.ts'
import type { Collected } from '../../src/ledger/collector.ts'
import type { GuardedObjects, LedgerPorts } from '../../src/ledger/ports.ts'
import type { Random } from '../histories/random.ts'
import type { Scheduler } from './scheduler.ts'
import { viewOf, type State, type Storage } from './storage.ts'

/** The code under test: the real one, or one that lacks a rule of the protocol. */
export interface Code {
  readonly Guard: new (
    ports: LedgerPorts,
    continuity: Continuity
  ) => {
    nowMs(): number
    admit(write: GrowingWrite, evaluate: Evaluate<undefined>): Promise<Guarded<undefined>>
  }
  readonly Collector: new (ports: LedgerPorts, continuity: Continuity) => { collect(): Promise<Collected> }
  readonly Continuity: typeof Continuity
}

/** What is the same for all replicas. */
export interface Surroundings {
  /** Milliseconds that have really passed. */
  ms: number
  /** Whether reads of the ledger may be of an earlier version, puts may have an unknown outcome, and objects may not be read. */
  isUnreliable: boolean
}

/** A list of a kind that was asked for a while ago: what it holds by then takes the place of all that is cached. */
interface Relist {
  readonly kind: KindName
  readonly index: number
}

export const KINDS_USED: readonly KindName[] = ['IPAddressPool', 'Subnet']

export interface ReplicaOptions {
  readonly code: Code
  readonly storage: Storage
  readonly scheduler: Scheduler
  readonly random: Random
  readonly around: Surroundings
  readonly areRevisionsComparable: boolean
}

let ids = 0

/** One poolguard process: the real guard and collector, a clock of its own, and caches that lag behind. */
export class Replica {
  readonly number: number
  readonly guard: InstanceType<Code['Guard']>
  private isCollecting = false
  private readonly collector: InstanceType<Code['Collector']>
  private readonly options: ReplicaOptions
  private readonly cached: Map<KindName, number>
  private readonly clockOffsetMs: number
  private timesReplaced = 0
  private relist: Relist | undefined
  private deaths: (() => void)[] = []

  constructor(number: number, options: ReplicaOptions) {
    this.number = number
    this.options = options
    const { code, storage, random } = options
    // An hour to both sides: what the clocks of replicas say must not matter.
    this.clockOffsetMs = random.below(7_200_000) - 3_600_000
    this.cached = new Map(KINDS_USED.map(kind => [kind, storage.history.length - 1]))
    const ports = this.ports()
    const continuity = new code.Continuity(() => ports.clock.nowMs())
    this.guard = new code.Guard(ports, continuity)
    this.collector = new code.Collector(ports, continuity)
  }

  /** Its watches bring some of what they have not told yet. */
  hear(random: Random): void {
    const { history } = this.options.storage
    for (const [kind, index] of this.cached)
      this.cached.set(kind, index + random.below(history.length - index))
  }

  /** A watch of its ends, and it lists that kind anew: asks for the list, or is answered. */
  relists(random: Random): void {
    const { history } = this.options.storage
    if (this.relist === undefined) {
      this.relist = { kind: random.of(['IPAddressPool', 'Subnet']), index: history.length - 1 }
      return
    }
    const { kind, index } = this.relist
    this.relist = undefined
    this.cached.set(kind, index)
    this.timesReplaced += 1
  }

  /** One round of its collector, unless one is going on. */
  async collect(): Promise<Collected | undefined> {
    if (this.isCollecting) return undefined
    this.isCollecting = true
    const collected = await this.collector.collect()
    this.isCollecting = false
    return collected
  }

  /** Resolves when the replica dies. */
  death(): Promise<undefined> {
    return new Promise(resolve => this.deaths.push(() => resolve(undefined)))
  }

  die(): void {
    this.options.scheduler.kill(this.number)
    for (const tell of this.deaths) tell()
    this.deaths = []
  }

  private ports(): LedgerPorts {
    const { storage, scheduler, random, around } = this.options
    const step = <T>(label: string, run: () => T) => scheduler.step(this.number, label, run)
    const nowMs = () => around.ms + this.clockOffsetMs
    return {
      store: {
        read: () =>
          step('read', () =>
            storage.readLedger(around.isUnreliable && random.oneIn(6) ? random.below(4) : 0)
          ),
        put: ledger =>
          step('put', () => {
            const chance = around.isUnreliable ? random.below(24) : 2
            if (chance === 0) return 'unknown'
            const outcome = storage.putLedger(ledger)
            return chance === 1 ? 'unknown' : outcome
          })
      },
      objects: this.objects(step),
      clock: {
        nowMs,
        sleep: ms => step('sleep', () => void (around.ms += ms)),
        // Now and then the caller has no more time, and the attempt goes on without it.
        within: (work, ms) =>
          random.oneIn(40) ? Promise.race([work, step('late', () => void (around.ms += ms))]) : work,
        random: () => random.below(1000) / 1000
      },
      newId: () => String((ids += 1)),
      observe: () => {}
    }
  }

  private objects(step: <T>(label: string, run: () => T) => Promise<T>): GuardedObjects {
    const { storage, random, around, areRevisionsComparable } = this.options
    const timesReplaced = () => this.timesReplaced
    return {
      areRevisionsComparable,
      get timesReplaced() {
        return timesReplaced()
      },
      view: () => viewOf(new Map(KINDS_USED.map(kind => [kind, this.cachedState(kind)]))),
      revision: kind => (KINDS_USED.includes(kind) ? this.cachedState(kind).revision : 0n),
      list: async kinds => {
        const lists = kinds
          .filter(kind => KINDS_USED.includes(kind))
          .map(kind =>
            step(`list ${kind}`, () => {
              if (around.isUnreliable && random.oneIn(12)) return false
              this.cached.set(kind, Math.max(this.cached.get(kind) ?? 0, storage.history.length - 1))
              return true
            })
          )
        return (await Promise.all(lists)).every(Boolean)
      },
      stored: refs =>
        step('get', () => {
          const { objects } = storage.now
          const read = refs.filter(() => !around.isUnreliable || random.below(4) > 0)
          return new Map(read.map(ref => [refKey(ref), objects.get(refKey(ref)) ?? null]))
        })
    }
  }

  private cachedState(kind: KindName): State {
    return this.options.storage.history[this.cached.get(kind) ?? 0] ?? this.options.storage.now
  }
}
