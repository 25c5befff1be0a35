import { Backoff } from './backoff.ts'
import { sleep, type Clock } from './clock.ts'
import type { ApiServer } from './connect.ts'
import type { KindStore } from './kind-store.ts'
import { revisionNow } from './list.ts'
import { collectionPath } from './resource-path.ts'
import type { Timings } from './timings.ts'
import { isOlder } from './watch-event.ts'

export interface HistoryCheckOptions {
  readonly api: ApiServer
  readonly store: KindStore
  readonly clock: Clock
  readonly timings: Pick<Timings, 'requestMs' | 'backoff'>
}

/**
 * Finds out whether a kind's watch goes on in the history that it came from. An API server whose etcd was restored takes a watch from
 * a revision that it has not got to, and says nothing on it, bookmarks included, until it has (kubernetes/kubernetes issue 107457).
 */
export class HistoryCheck {
  private readonly options: HistoryCheckOptions
  /** Of the watch for which an answer is waited for. */
  private confirming: AbortSignal | undefined

  constructor(options: HistoryCheckOptions) {
    this.options = options
  }

  /**
   * Asks the storage how far it has got, again until it answers, and tells the store: that the watch is complete up to where it
   * began, or that the storage went back. Nothing once `signal` aborts, which ends the watch; nothing while it asks already.
   * Never rejects. A list of one object each time.
   */
  async confirm(
    from: { readonly version: string; readonly resourceVersion: string },
    signal: AbortSignal
  ): Promise<void> {
    if (this.confirming === signal) return
    this.confirming = signal
    const { api, store, clock, timings } = this.options
    const { resourceVersion } = from
    const backoff = new Backoff(clock, timings.backoff)
    const request = { path: collectionPath(store.kind, from.version), signal, timeoutMs: timings.requestMs }
    while (!signal.aborted) {
      const { newest } = store.mark()
      const now = await revisionNow(api, request)
      if (signal.aborted) return
      if (now === undefined) {
        await sleep(clock, backoff.next(), signal)
        continue
      }
      this.confirming = undefined
      return isOlder(now, newest) ? store.goBack() : store.completed(resourceVersion)
    }
  }
}
