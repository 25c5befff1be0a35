import { formatDash } from '../address/format.ts'
import { parseRange, type RangeForms } from '../address/parse.ts'
import { compareRanges, familySpan, type AddressRange } from '../address/range.ts'

const FORMS: RangeForms = { dash: true, bare: true }

/** `a-b` or `a` for people; by numbers where the parser would read another range from that (format.ts tells of those). */
export function rangeText(range: AddressRange): string {
  const text = formatDash(range)
  const parsed = parseRange(text, FORMS)
  return parsed.ok && compareRanges(parsed.range, range) === 0
    ? text
    : `${range.family} ${range.first} ${range.last}`
}

/** The range that `rangeText` wrote; undefined for any other text. */
export function readRangeText(text: string): AddressRange | undefined {
  const [, digit, first, last] = /^([46]) (\d{1,39}) (\d{1,39})$/.exec(text) ?? []
  if (first === undefined || last === undefined) {
    const parsed = parseRange(text, FORMS)
    return parsed.ok ? parsed.range : undefined
  }
  const family = digit === '4' ? 4 : 6
  const range = { family, first: BigInt(first), last: BigInt(last) } as const
  return range.first <= range.last && range.last <= familySpan(family).last ? range : undefined
}
