/** Nanoseconds of each unit that Go knows; both signs for micro are accepted. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9]
])

/** Go keeps nanoseconds in a signed number of 64 bits, about 292 years. */
const MOST_NANOSECONDS = 2 ** 63

/** Longest text that is looked at: seven units of 19 digits each are no more. */
const MAX_LENGTH = 200

const PART = '(\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h)'
const PARTS = new RegExp(PART, 'g')
const DURATION = new RegExp(`^[+-]?(?:0|(?:${PART})+)$`)

/**
 * The nanoseconds of a duration as Go writes it, such as `90s`, `1m30s` or `-1.5h` (time.ParseDuration, which metav1.Duration
 * is read with); undefined for any other text.
 */
export function parseGoDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH || !DURATION.test(text)) return undefined
  const parts = [...text.matchAll(PARTS)]
  const sum = parts.reduce((total, [, number, unit = '']) => {
    return total + Math.trunc(Number(number) * (UNITS.get(unit) ?? 0))
  }, 0)
  if (sum >= MOST_NANOSECONDS) return undefined
  return text.startsWith('-') ? -sum : sum
}
