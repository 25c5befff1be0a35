import type { Clock } from '../../../src/cluster/clock.ts'

/** A clock that stands still but for `pass`, which runs what falls due, in order. */
export class FakeClock implements Clock {
  private now = 0
  private readonly timers = new Set<{ readonly atMs: number; readonly run: () => void }>()

  nowMs(): number {
    return this.now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.now + ms, run }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  random(): number {
    return 0
  }

  /** How many calls are to come. */
  get pending(): number {
    return this.timers.size
  }

  pass(ms: number): void {
    const untilMs = this.now + ms
    for (;;) {
      const [next] = [...this.timers]
        .filter(({ atMs }) => atMs <= untilMs)
        .toSorted((a, b) => a.atMs - b.atMs)
      if (next === undefined) break
      this.timers.delete(next)
      this.now = next.atMs
      next.run()
    }
    this.now = untilMs
  }
}
