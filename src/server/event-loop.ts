/** How the one thread that does everything keeps up. */
export interface EventLoopGuard {
  /** False while it has been late twice in a row: what arrives then is turned away, so that what is here gets answered. */
  readonly keepsUp: () => boolean
  /** The worst delay since the last call, in milliseconds; then counted anew. */
  readonly takeWorstLagMs: () => number
  readonly stop: () => void
}

/** How often it is looked. Twice late in a row is no single long garbage collection, nor one large review. */
const TICK_MS = 200

/**
 * Measures how late timers run, from now on. Beyond `boundMs` twice in a row work comes in faster than it is done: to answer
 * it would take until after the caller has gone, whereas 503 costs nothing, and a caller comes back a second later.
 */
export function guardEventLoop(boundMs: number): EventLoopGuard {
  let dueMs = performance.now() + TICK_MS
  let lateInARow = 0
  let worstLagMs = 0
  const timer = setInterval(() => {
    const nowMs = performance.now()
    const lagMs = Math.max(0, nowMs - dueMs)
    worstLagMs = Math.max(worstLagMs, lagMs)
    lateInARow = lagMs > boundMs ? lateInARow + 1 : 0
    dueMs = nowMs + TICK_MS
  }, TICK_MS).unref()
  return {
    keepsUp: () => lateInARow < 2,
    takeWorstLagMs() {
      // What is late at this very moment counts too.
      const worst = Math.max(worstLagMs, performance.now() - dueMs)
      worstLagMs = 0
      return Math.max(0, worst)
    },
    stop: () => clearInterval(timer)
  }
}
