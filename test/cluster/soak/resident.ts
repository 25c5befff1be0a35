import { quantile } from '../race/verdict.ts'

/** Resident memory of one process at one time. */
export type Sample = { readonly atMs: number; readonly bytes: number }

/**
 * From so many minutes on memory is judged: then the first quarter has seen one fault of each kind at --faults 30 (some 40 s each, with
 * what they last). A restarted API server costs some 80 MiB once, for all objects are read anew while the old ones are still there.
 */
export const LEAST_MINUTES = 12

/** How the resident memory of a process stood over a run: medians of its second and last quarter, in MiB, and their ratio. */
export type Resident = {
  readonly firstMiB: number
  readonly lastMiB: number
  readonly ratio: number
  readonly isFlat: boolean
}

const MIB = 1024 * 1024

/**
 * Growth that is none yet. V8's young generation alone comes and goes by up to 3 x 16 MiB on 64 bits (two halves and a third for large
 * objects, --max-semi-space-size), and a median of samples spreads less than those. Between the middles of the two quarters half of
 * the run passes: in 30 minutes with 60 writes a second 54,000 writes, of which each may leave 600 bytes for this.
 */
const MOST_GROWN_MIB = 32
/** Beside that, for processes of any size: what a collector may let the heap grow before it runs. */
const MOST_GROWN_RATIO = 1.2

/**
 * Compares the last quarter of a run with the second: in the first one code is compiled and caches fill. It grew when both bounds
 * are passed. Samples in any order; undefined when a quarter has none.
 */
export function residentOver(
  samples: readonly Sample[],
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number }
): Resident | undefined {
  const quarterMs = (endMs - startMs) / 4
  const median = (quarter: number): number | undefined => {
    const fromMs = startMs + quarter * quarterMs
    const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= fromMs + quarterMs)
    return within.length === 0
      ? undefined
      : quantile(
          within.map(({ bytes }) => bytes / MIB),
          0.5
        )
  }
  const [first, last] = [median(1), median(3)]
  if (first === undefined || last === undefined) return undefined
  return {
    firstMiB: rounded(first, 10),
    lastMiB: rounded(last, 10),
    ratio: rounded(last / first, 1_000),
    isFlat: last - first <= MOST_GROWN_MIB || last / first <= MOST_GROWN_RATIO
  }
}

function rounded(value: number, steps: number): number {
  return Math.round(value * steps) / steps
}
