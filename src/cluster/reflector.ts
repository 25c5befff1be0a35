import { Backoff } from './backoff.ts'
import { sleep, type Clock } from './clock.ts'
import { ClusterError, errorOf, toClusterError } from './cluster-error.ts'
import type { ApiServer } from './connect.ts'
import { servedVersion } from './discovery.ts'
import { readEntry } from './entry.ts'
import type { KindStore } from './kind-store.ts'
import { HistoryCheck } from './history-check.ts'
import { listAll } from './list.ts'
import { collectionPath } from './resource-path.ts'
import type { Timings } from './timings.ts'
import { isOlder, parseWatchEvent } from './watch-event.ts'
import { WatchHealth, type WatchStatus } from './watch-health.ts'

/** Failures in a row after which nothing is taken for granted: the kind is listed anew, or unknown when RBAC refuses it. */
const STUBBORN = 3

/** 410: the resourceVersion is too old. 404: the kind, or this version of it, is gone. Discovery and a list will tell. */
const OUTDATED: readonly number[] = [404, 410]

/** Where the next watch starts. */
interface Position {
  readonly version: string
  resourceVersion: string
  /** Nobody has watched from here yet. */
  isListed: boolean
}

export interface ReflectorOptions {
  readonly api: ApiServer
  readonly store: KindStore
  readonly clock: Clock
  readonly timings: Timings
  /** After the state or the last error changed. Must not throw. */
  readonly turned: (status: WatchStatus) => void
  /** Whether a watch that was opened anew is believed only once the storage has confirmed its revision (`HistoryCheck`). */
  readonly confirmsHistory: boolean
}

/**
 * Keeps one kind's store equal to the cluster: discovery, a complete list, then watches one after the other from the last
 * resourceVersion on. Nothing ends it but `stop`.
 */
export class Reflector {
  readonly health: WatchHealth
  private readonly options: ReflectorOptions
  private readonly backoff: Backoff
  private readonly history: HistoryCheck | undefined
  private readonly stopping = new AbortController()
  private readonly ended: Promise<void>
  /** undefined when the kind must be listed first. */
  private position: Position | undefined
  /** Ends the watch that is open. */
  private watching = new AbortController()
  private openedAtMs: number | undefined
  private failures = 0
  /** Times in a row that RBAC refused. */
  private refusals = 0
  /** Times in a row that discovery did not find the kind. */
  private absences = 0

  /** Starts at once. */
  constructor(options: ReflectorOptions) {
    this.options = options
    this.health = new WatchHealth(
      options.store,
      { clock: options.clock, staleMs: options.timings.staleMs },
      options.turned
    )
    this.backoff = new Backoff(options.clock, options.timings.backoff)
    this.history = options.confirmsHistory ? new HistoryCheck(options) : undefined
    options.store.onWentBack(() => this.startAnew())
    this.ended = this.run()
  }

  /** The version that is being watched; undefined when none is known to be served. */
  get version(): string | undefined {
    return this.position?.version
  }

  /** Resolves when every connection is closed; the store is not touched any more. */
  async stop(): Promise<void> {
    this.stopping.abort()
    this.health.stopped()
    await this.ended
  }

  private get signal(): AbortSignal {
    return this.stopping.signal
  }

  private async run(): Promise<void> {
    while (!this.signal.aborted) {
      const delayMs = await this.step().catch((error: unknown) => this.failed(toClusterError(error)))
      if (delayMs > 0) await sleep(this.options.clock, delayMs, this.signal)
    }
  }

  /** Lists the kind, or watches it until the watch ends. Resolves with the milliseconds to wait before the next step. */
  private step(): Promise<number> {
    return this.position === undefined ? this.list() : this.watch(this.position)
  }

  private async list(): Promise<number> {
    const { api, store, timings } = this.options
    const limits = { timeoutMs: timings.requestMs, signal: this.signal }
    const version = await servedVersion(api, store.kind, limits)
    if (version === undefined) return this.absent()
    this.absences = 0
    const mark = store.mark()
    const list = await listAll(api, {
      ...limits,
      kind: store.kind,
      version,
      pageSize: timings.pageSize,
      keepsJson: store.keepsJson
    })
    if (this.signal.aborted || mark.history !== store.mark().history) return 0
    if (isOlder(list.resourceVersion, mark.newest)) store.goBack(list)
    else store.replace(list)
    this.position = { version, resourceVersion: list.resourceVersion, isListed: true }
    this.health.listed()
    return 0
  }

  private absent(): number {
    const { store, timings, clock } = this.options
    const { health } = this
    this.absences += 1
    // an API server that just started may not serve every CRD yet
    if (health.lists > 0 && this.absences < 2) return timings.absentConfirmMs
    if (this.signal.aborted) return 0
    if (health.state !== 'absent' || store.count > 0) store.replace({ entries: [], resourceVersion: '0' })
    this.startOver()
    health.heard()
    health.turn('absent')
    return timings.rediscoverMs * (1 - clock.random() / 4)
  }

  private async watch(position: Position): Promise<number> {
    const watching = new AbortController()
    this.watching = watching
    try {
      return await this.follow(position, AbortSignal.any([this.signal, watching.signal]))
    } catch (error) {
      // the storage went back, which is told of already
      if (watching.signal.aborted) return this.backoff.next()
      throw error
    } finally {
      watching.abort()
      position.isListed = false
      if (this.history !== undefined) this.options.store.doubt()
    }
  }

  private async follow(position: Position, signal: AbortSignal): Promise<number> {
    const { api, store, clock, timings } = this.options
    const { min, max } = timings.watchSeconds
    const stream = await api.stream({
      path: collectionPath(store.kind, position.version),
      query: {
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: position.resourceVersion,
        timeoutSeconds: String(Math.round(min + (max - min) * clock.random()))
      },
      signal,
      timeoutMs: timings.watchOpenMs,
      idleMs: timings.idleMs
    })
    if (stream.lines === undefined) throw errorOf(stream)
    this.openedAtMs = clock.nowMs()
    this.health.watching()
    if (!position.isListed) void this.history?.confirm(position, signal)
    for await (const line of stream.lines) this.accept(line, position, signal)
    // closed in order, as every few minutes: go on at once, unless the server does nothing but close
    return this.wasHealthy() ? 0 : this.backoff.next()
  }

  private accept(line: string, position: Position, signal: AbortSignal): void {
    if (signal.aborted) return
    const event = parseWatchEvent(line)
    if (event === undefined) {
      this.health.garbage()
      throw new ClusterError('a line of the watch is no event', { reason: 'protocol' })
    }
    if (event.type === 'ERROR') throw event.error
    this.health.heard()
    if (event.type !== 'BOOKMARK') {
      const { store } = this.options
      const entry = readEntry(store.kind, event.object, store.keepsJson)
      if (event.type === 'DELETED') store.delete(entry.ref, event.resourceVersion)
      else store.put(entry)
    }
    // a server that says what is older than where its watch began is asked how far it has got
    if (isOlder(event.resourceVersion, position.resourceVersion))
      return void this.history?.confirm(position, signal)
    this.options.store.completed(event.resourceVersion)
    position.resourceVersion = event.resourceVersion
  }

  /** What is known is of a history that is over: the kind is listed, and nothing of the watch that is open is believed. */
  private startAnew(): void {
    if (this.signal.aborted) return
    this.position = undefined
    this.watching.abort()
    const why = 'its revisions went back, as after a restore of etcd: it is listed anew'
    this.health.failed(new ClusterError(why, { reason: 'history' }), false)
  }

  /** Decides what a failed step means; the milliseconds to wait before the next one. */
  private failed(error: ClusterError): number {
    if (this.signal.aborted) return 0
    this.wasHealthy()
    // 429: the server is well and busy, and a list would cost it more than a watch
    if (error.status !== 429) this.failures += 1
    const stubborn = this.failures >= STUBBORN
    const outdated = OUTDATED.includes(error.status)
    if (stubborn || outdated) this.position = undefined
    // an API server that just started may refuse what it will allow: one 403 does not make unknown what was readable
    this.refusals = error.status === 403 ? this.refusals + 1 : 0
    if (this.refusals >= (this.health.readable ? STUBBORN : 1)) return this.forbidden(error)
    // a quiet watch is merely opened again: should the server be gone, that will fail
    const calm = !stubborn && (outdated || error.reason === 'idle')
    this.health.failed(error, calm)
    return Math.max(this.backoff.next(), error.retryAfterMs ?? 0)
  }

  private forbidden(error: ClusterError): number {
    const { store, timings, clock } = this.options
    this.position = undefined
    this.startOver()
    store.setKnown(false)
    this.health.turn('forbidden', error)
    return timings.forbiddenRetryMs * (1 - clock.random() / 4)
  }

  /** Whether the watch that just ended, if any, stayed open long enough; then waits start over. */
  private wasHealthy(): boolean {
    const openedAtMs = this.openedAtMs
    this.openedAtMs = undefined
    const { clock, timings } = this.options
    const healthy = openedAtMs !== undefined && clock.nowMs() - openedAtMs >= timings.healthyMs
    if (healthy) this.startOver()
    return healthy
  }

  private startOver(): void {
    this.backoff.reset()
    this.failures = 0
    this.refusals = 0
  }
}
