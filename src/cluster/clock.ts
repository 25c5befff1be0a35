/** Time as this folder sees it. The command line hands it in; tests may hand in a faster one. */
export interface Clock {
  /** Milliseconds on a clock that never jumps back; the zero point means nothing. */
  nowMs(): number
  /** Calls `run` once, `ms` milliseconds from now, unless the returned function was called before. */
  after(ms: number, run: () => void): () => void
  /** A number in [0, 1), to spread retries of several replicas. */
  random(): number
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done)
  })
}

/** What the work comes to, or undefined after `ms`; the work goes on then, and its failure is nobody's. Rejects when it does before. */
export function within<T>(clock: Clock, work: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined))
    work.then(resolve, reject).finally(cancel)
  })
}
