import type { Inventory } from '../inventory/inventory.ts'
import type { KindName } from '../kinds/index.ts'
import type { Clock } from './clock.ts'
import type { ApiServer } from './connect.ts'
import { KindStore, type Unreadable } from './kind-store.ts'
import { Reflector } from './reflector.ts'
import { DEFAULT_TIMINGS, type Timings } from './timings.ts'
import type { WatchStatus } from './watch-health.ts'

export interface WatcherOptions {
  readonly api: ApiServer
  /** Written by nobody else from now on, live reads through this watcher aside. */
  readonly inventory: Inventory
  readonly kinds: readonly KindName[]
  /** Kinds whose objects' JSON is kept; absent: none. */
  readonly keepJsonOf?: readonly KindName[]
  readonly clock: Clock
  /** Called when a kind's state or last error changed. What it throws is dropped. */
  readonly log: (status: WatchStatus) => void
  /** Called after every change to a kind in the inventory, so make it cheap. What it throws is dropped. */
  readonly onChange?: (kind: KindName) => void
  readonly timings?: Partial<Timings>
  /** False: a storage that went back is noticed by lists alone, not where watches are opened anew. */
  readonly confirmsHistory?: boolean
}

/** What the live reader needs to know of a watched kind. */
export interface WatchedKind {
  readonly store: KindStore
  /** undefined when no version is known to be served. */
  readonly version: string | undefined
}

/** The watches of a running process. */
export interface Watcher {
  /**
   * True once every kind is settled for the first time: synced, absent or forbidden. Waits as long as the API server
   * does not answer, so bound it. False when `stop` came first.
   */
  synced(): Promise<boolean>
  /** One entry a kind, in the order they were given. */
  status(): readonly WatchStatus[]
  /** Objects that are stored but kept out of the inventory, because fields that decisions read have the wrong type. */
  unreadable(): readonly Unreadable[]
  /** undefined for a kind that is not watched. */
  watched(kind: KindName): WatchedKind | undefined
  /** Resolves when every connection is closed; the inventory is not touched any more. */
  stop(): Promise<void>
}

/** Starts to keep the inventory equal to the cluster, one list and watch a kind. Never throws; see `status` for trouble. */
export function startWatching(options: WatcherOptions): Watcher {
  const { api, inventory, clock, log, onChange, confirmsHistory = true } = options
  const timings = { ...DEFAULT_TIMINGS, ...options.timings }
  const watches = new Map<KindName, { store: KindStore; reflector: Reflector }>()
  for (const kind of options.kinds) {
    const keepsJson = options.keepJsonOf?.includes(kind) === true
    const store = new KindStore(kind, inventory, () => guarded(() => onChange?.(kind)), keepsJson)
    const turned = (status: WatchStatus) => guarded(() => log(status))
    const reflector = new Reflector({ api, store, clock, timings, turned, confirmsHistory })
    watches.set(kind, { store, reflector })
  }
  const all = [...watches.values()]
  return {
    async synced() {
      const settled = await Promise.all(all.map(({ reflector }) => reflector.health.settled))
      return settled.every(Boolean)
    },
    status: () => all.map(({ reflector }) => reflector.health.status()),
    unreadable: () => all.flatMap(({ store }) => store.unreadable),
    watched(kind) {
      const watch = watches.get(kind)
      return watch === undefined ? undefined : { store: watch.store, version: watch.reflector.version }
    },
    async stop() {
      await Promise.all(all.map(({ reflector }) => reflector.stop()))
    }
  }
}

/** A listener's mistake is its own: it must not stop the watch that called it. */
function guarded(call: () => void): void {
  try {
    call()
  } catch {
    // the listener's to report
  }
}
