import * as z from 'zod'

/** Ports from `first` to `last`, both included: 1 to 65535. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** The largest port (RFC 9293, 3.1: 16 bits); 0 is reserved. */
const MAX_PORT = 65_535

/** `22`, or `6000-6100`. */
export const portRange = z
  .string()
  .describe('a port, or a range such as 6000-6100')
  .transform((text, context): PortRange => {
    const parsed = parsePorts(text)
    if ('first' in parsed) return parsed
    const { message, hint } = parsed
    context.issues.push({ code: 'custom', message, params: { hint }, input: text })
    return z.NEVER
  })

function parsePorts(text: string): PortRange | { readonly message: string; readonly hint: string } {
  const match = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? match?.[1])
  if (match === null || first > MAX_PORT || last > MAX_PORT) {
    return {
      message: 'is no port and no range of ports',
      hint: `numbers from 1 to ${MAX_PORT}, such as "22" or "6000-6100"`
    }
  }
  return first <= last
    ? { first, last }
    : { message: 'ends before it begins', hint: `write "${last}-${first}"` }
}

/** The range that holds the port, of sorted and disjoint ones; undefined for none. O(log n). */
export function rangeHolding(ranges: readonly PortRange[], port: number): PortRange | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const range = ranges[middle]
    if (range !== undefined && range.last < port) low = middle + 1
    else high = middle
  }
  const range = ranges[low]
  return range !== undefined && range.first <= port ? range : undefined
}

/** The union as the fewest ranges: sorted, disjoint, adjacent ones joined. Empty for none. O(n log n). */
export function mergePorts(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = []
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = merged.at(-1)
    if (previous === undefined || previous.last + 1 < first) merged.push({ first, last })
    else merged[merged.length - 1] = { ...previous, last: Math.max(previous.last, last) }
  }
  return merged
}
