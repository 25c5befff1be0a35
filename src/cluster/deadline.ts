import type { Clock } from './clock.ts'
import { ClusterError } from './cluster-error.ts'

/** Aborts `signal` with a ClusterError when its time is up or when the outer signal aborts, whichever comes first. */
export class Deadline {
  private readonly clock: Clock
  private readonly controller = new AbortController()
  private readonly outer: AbortSignal | undefined
  private readonly onOuterAbort = () => this.expire(new ClusterError('stopped', { reason: 'stopped' }))
  private cancelTimer: () => void = () => {}

  constructor(clock: Clock, outer: AbortSignal | undefined) {
    this.clock = clock
    this.outer = outer
    if (outer?.aborted === true) this.onOuterAbort()
    else outer?.addEventListener('abort', this.onOuterAbort)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** The error it ended with; undefined while there is time left. */
  get error(): ClusterError | undefined {
    const reason: unknown = this.controller.signal.reason
    return reason instanceof ClusterError ? reason : undefined
  }

  /** Starts the time over: `ms` from now it is up, with `reason` `timeout` or `idle`. */
  restart(ms: number, reason: 'timeout' | 'idle'): void {
    this.cancelTimer()
    const said = reason === 'idle' ? `nothing heard for ${ms} ms` : `no answer within ${ms} ms`
    this.cancelTimer = this.clock.after(ms, () => this.expire(new ClusterError(said, { reason })))
  }

  /** Lets go of timer and outer signal; call it when the work is over, however it ended. */
  clear(): void {
    this.cancelTimer()
    this.outer?.removeEventListener('abort', this.onOuterAbort)
  }

  private expire(error: ClusterError): void {
    this.controller.abort(error)
  }
}
