import { Address4, Address6 } from 'ip-address'
import { formatAddress, formatDash, formatDots, formatEntry } from './format.ts'
import { prefixOf } from './range.ts'
import type { AddressRange, Family } from './range.ts'

/** The notations of a range: `10.0.0.0/24`, `10.0.0.1-10.0.0.9`, `10.0.0.1..10.0.0.9`, `10.0.0.1`. */
export type RangeForm = 'cidr' | 'dash' | 'dots' | 'bare'

/** Which notations a field accepts; an absent one is not accepted. */
export type RangeForms = { readonly [form in RangeForm]?: boolean }

/** IPAddressPool `spec.addresses`: MetalLB's ParseCIDR (internal/config/config.go) refuses bare addresses. */
export const POOL_FORMS: RangeForms = { cidr: true, dash: true }

/** Ranges in a NetworkPlan or ExposurePolicy. */
export const PLAN_FORMS: RangeForms = { cidr: true, dash: true, bare: true }

/** A field that holds one address; read as a range of that one. */
export const ADDRESS_FORMS: RangeForms = { bare: true }

/** Kube-OVN Subnet `spec.excludeIps`: one address or `a..b`. */
export const EXCLUDE_IPS_FORMS: RangeForms = { bare: true, dots: true }

/**
 * Why a text is no range. Texts in it are parts of the input as written (ends of a dash range trimmed).
 * - `blank`: blanks where the notation allows none (they are allowed around both ends of a dash range only)
 * - `prefix-length`: not a number of 0..max; `max` is 32 or 128 by the notation of the address
 * - `mapped-prefix`: an IPv4-mapped address with a prefix below `min` (96) reaches beyond the IPv4 addresses
 * - `form-not-allowed`: a valid range in a notation the field refuses; `hint` is the same range in one it accepts
 */
export type ParseProblem =
  | { readonly problem: 'empty' }
  | { readonly problem: 'too-long'; readonly length: number; readonly max: number }
  | { readonly problem: 'blank' | 'zone' | 'leading-zero' | 'not-an-address'; readonly part: string }
  | { readonly problem: 'prefix-length'; readonly part: string; readonly max: number }
  | { readonly problem: 'mapped-prefix'; readonly prefix: number; readonly min: number }
  | { readonly problem: 'reversed' | 'mixed-families'; readonly first: string; readonly last: string }
  | { readonly problem: 'form-not-allowed'; readonly form: RangeForm; readonly hint?: string }

/** A text that could not be read, and why. */
export interface ParseFailure {
  readonly ok: false
  readonly problem: ParseProblem
}

/** A range, host bits of a CIDR masked off; or why there is none. */
export type ParsedRange = { readonly ok: true; readonly range: AddressRange } | ParseFailure

/** One address as an unsigned integer; or why there is none. */
export type ParsedAddress =
  { readonly ok: true; readonly family: Family; readonly value: bigint } | ParseFailure

/** Two IPv6 addresses of 45 characters (INET6_ADDRSTRLEN less its NUL), a dash, and room for blanks. */
const MAX_LENGTH = 128

/** Bits of an IPv4-mapped IPv6 address before the IPv4 address (RFC 4291, 2.5.5.2). */
const MAPPED_BITS = 96

/** What Go's unicode.IsSpace holds for: one UTF-16 unit each. String.trim() leaves U+0085 and takes U+FEFF. */
const BLANK = /[\t-\r\u0085\p{Z}]/u

const DOTTED = /^\d+\.\d+\.\d+\.\d+$/
const LEADING_ZERO = /(?:^|\.)0\d/
const COLONS = /^[\da-f:.]+$/i

/**
 * Reads one range in any of the notations that `forms` accepts. A dash range splits at its first dash, with blanks
 * allowed around both ends; a CIDR allows none, its host bits are masked, leading zeros of the prefix length are
 * accepted and those of an octet refused, all as MetalLB does. Stricter than MetalLB: IPv4-mapped IPv6 is IPv4
 * wherever it stands, and the ends of a range must be of one family. Never throws; over 128 characters is refused.
 */
export function parseRange(text: string, forms: RangeForms): ParsedRange {
  const unreadable = checkText(text)
  if (unreadable) return unreadable
  const form = formOf(text)
  const parsed = readForm(text, form)
  if (!parsed.ok) return parsed
  if (forms[form]) return { ok: true, range: parsed.range }
  const hint = rewrite(parsed.range, forms)
  return fail({ problem: 'form-not-allowed', form, ...(hint === undefined ? {} : { hint }) })
}

/** Reads one address, no blanks around it. IPv4-mapped IPv6 is IPv4. Never throws. */
export function parseAddress(text: string): ParsedAddress {
  return checkText(text) ?? readAddress(text)
}

function fail(problem: ParseProblem): ParseFailure {
  return { ok: false, problem }
}

/**
 * The text without the blanks around it, as Go's strings.TrimSpace, which MetalLB applies to the ends of a dash range and
 * to the addresses a Service asks for. O(length), whatever the text: one replace() by a pattern would try every blank.
 */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && BLANK.test(text.charAt(start))) start++
  while (start < end && BLANK.test(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

function checkText(text: string): ParseFailure | undefined {
  if (text.length > MAX_LENGTH) return fail({ problem: 'too-long', length: text.length, max: MAX_LENGTH })
  return trimBlanks(text) === '' ? fail({ problem: 'empty' }) : undefined
}

function formOf(text: string): RangeForm {
  if (text.includes('-')) return 'dash'
  if (text.includes('/')) return 'cidr'
  return text.includes('..') ? 'dots' : 'bare'
}

function readForm(text: string, form: RangeForm): ParsedRange {
  if (form === 'cidr') return readPrefix(text)
  if (form === 'bare') {
    const one = readAddress(text)
    return one.ok ? { ok: true, range: { family: one.family, first: one.value, last: one.value } } : one
  }
  const [first, last] = splitAt(text, form === 'dash' ? '-' : '..')
  return form === 'dash' ? readEnds(trimBlanks(first), trimBlanks(last)) : readEnds(first, last)
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + separator.length)]
}

function readEnds(first: string, last: string): ParsedRange {
  const low = readAddress(first)
  if (!low.ok) return low
  const high = readAddress(last)
  if (!high.ok) return high
  if (low.family !== high.family) return fail({ problem: 'mixed-families', first, last })
  if (low.value > high.value) return fail({ problem: 'reversed', first, last })
  return { ok: true, range: { family: low.family, first: low.value, last: high.value } }
}

function readPrefix(text: string): ParsedRange {
  const [address, length] = splitAt(text, '/')
  const host = readAddress(address)
  if (!host.ok) return host
  if (length !== trimBlanks(length)) return fail({ problem: 'blank', part: length })
  const max = address.includes(':') ? 128 : 32
  const written = /^\d+$/.test(length) ? Number(length) : Infinity
  if (written > max) return fail({ problem: 'prefix-length', part: length, max })
  const isMapped = max === 128 && host.family === 4
  if (isMapped && written < MAPPED_BITS) {
    return fail({ problem: 'mapped-prefix', prefix: written, min: MAPPED_BITS })
  }
  const hostMask = (1n << BigInt(max - written)) - 1n
  const last = host.value | hostMask
  return { ok: true, range: { family: host.family, first: last - hostMask, last } }
}

function readAddress(part: string): ParsedAddress {
  if (part !== trimBlanks(part)) return fail({ problem: 'blank', part })
  if (part.includes('%')) return fail({ problem: 'zone', part })
  const decimal = part.slice(part.lastIndexOf(':') + 1)
  if (DOTTED.test(decimal) && LEADING_ZERO.test(decimal)) return fail({ problem: 'leading-zero', part })
  const family = part.includes(':') ? 6 : 4
  const value = addressValue(part, family)
  if (value === undefined) return fail({ problem: 'not-an-address', part })
  if (family === 6 && value >> 32n === 0xffffn) return { ok: true, family: 4, value: value & 0xffffffffn }
  return { ok: true, family, value }
}

/** ip-address also reads suffixes and zones and reports by throwing, so it gets bare addresses only. */
function addressValue(part: string, family: Family): bigint | undefined {
  if (!(family === 4 ? DOTTED : COLONS).test(part)) return undefined
  try {
    return (family === 4 ? new Address4(part) : new Address6(part)).bigInt()
  } catch {
    return undefined
  }
}

function rewrite(range: AddressRange, forms: RangeForms): string | undefined {
  if (forms.bare && range.first === range.last) return formatAddress(range.family, range.first)
  if (forms.cidr && prefixOf(range) !== undefined) return formatEntry(range)
  if (forms.dash) return formatDash(range)
  return forms.dots ? formatDots(range) : undefined
}
