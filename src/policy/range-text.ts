import * as z from 'zod'
import { parseAddress, parseRange, PLAN_FORMS } from '../address/parse.ts'
import type { ParsedRange, ParseProblem, RangeForms } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'

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

function rangeSchema(description: string, parse: (text: string) => ParsedRange) {
  return z
    .string()
    .describe(description)
    .transform((text, context): RangeText => {
      const parsed = parse(text)
      if (parsed.ok) return { range: parsed.range, text }
      const { message, hint } = rangeProblemWords(parsed.problem)
      context.issues.push({ code: 'custom', message, params: { hint }, input: text })
      return z.NEVER
    })
}

/** Why a text is no range, and a way out or ''. */
function rangeProblemWords(problem: ParseProblem): { readonly message: string; readonly hint: string } {
  switch (problem.problem) {
    case 'empty':
      return { message: 'is empty', hint: '' }
    case 'too-long':
      return { message: `${problem.length} characters, more than ${problem.max}`, hint: '' }
    case 'blank':
      return { message: 'a blank where none may be', hint: 'take it out' }
    case 'zone':
      return { message: `zone in ${JSON.stringify(problem.part)}`, hint: 'write the address without %' }
    case 'leading-zero':
      return {
        message: `leading zero in ${JSON.stringify(problem.part)}`,
        hint: 'some programs read it as octal'
      }
    case 'not-an-address':
      return {
        message: `${JSON.stringify(problem.part)} is not an IP address`,
        hint: addressHint(problem.part)
      }
    case 'prefix-length':
      return { message: prefixWords(problem.part, problem.max), hint: `a number from 0 to ${problem.max}` }
    case 'mapped-prefix':
      return {
        message: `prefix length ${problem.prefix} of an IPv4-mapped address below ${problem.min}`,
        hint: ''
      }
    case 'reversed':
      return {
        message: 'ends before it begins',
        hint: `write ${problem.last.trim()}-${problem.first.trim()}`
      }
    case 'mixed-families':
      return { message: 'mixes IPv4 and IPv6', hint: 'write one range for each' }
    case 'form-not-allowed':
      break
  }
  const { form, hint } = problem
  return {
    message: `a ${FORM_WORDS[form]} may not stand here`,
    hint: hint === undefined ? '' : `write ${hint}`
  }
}

const FORM_WORDS = { cidr: 'CIDR', dash: 'range a-b', dots: 'range a..b', bare: 'single address' } as const

function prefixWords(part: string, max: number): string {
  return /^\d+$/.test(part) ? `prefix length above ${max}` : `${JSON.stringify(part)} is not a prefix length`
}

function addressHint(part: string): string {
  return /[g-z]/i.test(part) ? 'host names are not looked up; write the addresses' : ''
}
