import type { KindName } from '../kinds/index.ts'
import type { Clock } from './clock.ts'
import type { ClusterError } from './cluster-error.ts'
import type { KindStore } from './kind-store.ts'

/**
 * `syncing`: not read yet. `synced`: listed, and watched as far as we know. `absent`: its CRD is not installed; known and
 * empty. `forbidden`: RBAC refuses; unknown. `failing`: the last attempt failed; the inventory keeps what it had. `stale`: that has lasted for `staleMs`; unknown.
 */
export type WatchState = 'syncing' | 'synced' | 'absent' | 'forbidden' | 'failing' | 'stale'

/** How one kind is doing. Counters never go down. */
export interface WatchStatus {
  readonly kind: KindName
  readonly state: WatchState
  /** Objects that are stored in the cluster as far as we know, those that do not decode included. */
  readonly objects: number
  /** Of the attempt that failed last; undefined when none failed since the last list or opened watch. */
  readonly lastError: string | undefined
  /** Milliseconds since the API server last said anything about the kind, bookmarks included; undefined before that. */
  readonly lastEventAgeMs: number | undefined
  /** Watches opened after the first one. */
  readonly restarts: number
  /** Complete lists after the first one. */
  readonly relists: number
  /** Lines in watches that were no events. */
  readonly garbageLines: number
}

/** Keeps the books on one kind's watch, and says when its state or last error turns. */
export class WatchHealth {
  /** True once the kind is synced, absent or forbidden for the first time; false when it was stopped before. */
  readonly settled: Promise<boolean>
  state: WatchState = 'syncing'
  lists = 0
  private watches = 0
  private garbageLines = 0
  private lastError: string | undefined
  private heardAtMs: number | undefined
  private cancelSilence: (() => void) | undefined
  private readonly store: KindStore
  private readonly clock: Clock
  private readonly staleMs: number
  private readonly turned: (status: WatchStatus) => void
  private settle: (settled: boolean) => void = () => {}

  /** `turned` must not throw. */
  constructor(
    store: KindStore,
    { clock, staleMs }: { readonly clock: Clock; readonly staleMs: number },
    turned: (status: WatchStatus) => void
  ) {
    this.store = store
    this.clock = clock
    this.staleMs = staleMs
    this.turned = turned
    this.settled = new Promise(resolve => {
      this.settle = resolve
    })
  }

  status(): WatchStatus {
    return {
      kind: this.store.kind,
      state: this.state,
      objects: this.store.count,
      lastError: this.lastError,
      lastEventAgeMs: this.heardAtMs === undefined ? undefined : this.clock.nowMs() - this.heardAtMs,
      restarts: Math.max(0, this.watches - 1),
      relists: Math.max(0, this.lists - 1),
      garbageLines: this.garbageLines
    }
  }

  /** False before the first list, and while RBAC refuses. */
  get readable(): boolean {
    return this.state !== 'syncing' && this.state !== 'forbidden'
  }

  heard(): void {
    this.heardAtMs = this.clock.nowMs()
    if (this.cancelSilence === undefined) this.waitForSilence(this.staleMs)
  }

  listed(): void {
    this.lists += 1
    this.heard()
    this.turn('synced')
  }

  /** What happened while nothing was heard comes first on the watch, at once: the kind is as known as after any other break. */
  watching(): void {
    this.watches += 1
    this.heard()
    this.store.setKnown(true)
    this.turn('synced')
  }

  garbage(): void {
    this.garbageLines += 1
  }

  turn(state: WatchState, error?: ClusterError): void {
    const lastError = error === undefined ? undefined : error.message
    const same = state === this.state && lastError === this.lastError
    this.state = state
    this.lastError = lastError
    if (state !== 'syncing' && state !== 'failing') this.settle(true)
    if (!same) this.turned(this.status())
  }

  /** An attempt failed; a `calm` one says nothing about the server. */
  failed(error: ClusterError, calm: boolean): void {
    this.turn(calm || this.state === 'stale' ? this.state : 'failing', error)
  }

  stopped(): void {
    this.cancelSilence?.()
    this.settle(false)
  }

  /** One timer at a time, however much is heard. */
  private waitForSilence(ms: number): void {
    this.cancelSilence = this.clock.after(ms, () => {
      this.cancelSilence = undefined
      const silentMs = this.clock.nowMs() - (this.heardAtMs ?? 0)
      // timers may come a little early
      if (silentMs < this.staleMs - 1) return this.waitForSilence(this.staleMs - silentMs)
      if (this.readable) this.fallSilent()
    })
  }

  private fallSilent(): void {
    this.store.setKnown(false)
    this.state = 'stale'
    this.turned(this.status())
  }
}
