import type { Clock } from '../cluster/clock.ts'

/** The time of day, in milliseconds since 1970. */
export function wallTimeMs(): number {
  return Date.now()
}

/** The machine's own time, for the watches. */
export function systemClock(): Clock {
  return {
    nowMs: () => performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    random: () => Math.random()
  }
}
