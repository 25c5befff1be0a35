import * as z from 'zod'
import { parseAddress, parseRange, PLAN_FORMS } from '../address/parse.ts'
import type { ParsedRange, RangeForms } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import { rangeProblemWords, type RangeWanted } from './range-words.ts'

/** A range as parsed and as written. */
export interface RangeText {
  readonly range: AddressRange
  readonly text: string
}

/** A range in any form a plan takes: CIDR, `a-b`, one address. */
export const rangeText = rangeSchema('a CIDR, a range a-b, or one address', text =>
  parseRange(text, PLAN_FORMS)
)

const CIDR_FORMS: RangeForms = { cidr: true }

/** A CIDR; host bits are masked. */
export const cidrText = rangeSchema('a CIDR', text => parseRange(text, CIDR_FORMS))

/** One address, as a range of one. */
export const addressText = rangeSchema('one address', text => {
  const parsed = parseAddress(text)
  if (!parsed.ok) return parsed
  const { family, value } = parsed
  return { ok: true, range: { family, first: value, last: value } }
})

function rangeSchema(description: RangeWanted, parse: (text: string) => ParsedRange) {
  return z
    .string()
    .describe(description)
    .transform((text, context): RangeText => {
      const parsed = parse(text)
      if (parsed.ok) return { range: parsed.range, text }
      const { message, hint } = rangeProblemWords(text, parsed.problem, description)
      context.issues.push({ code: 'custom', message, params: { hint }, input: text })
      return z.NEVER
    })
}
