import { formatRange } from '../../address/format.ts'
import { merge, subtract, type AddressRange } from '../../address/range.ts'
import type { PathPart } from '../document-error.ts'

/** Something that a proposal no longer asks for as the base did, so that writes may pass which the base refuses. */
export interface Loosening {
  /** Ids of the rules that may refuse less; never empty. */
  readonly rules: readonly string[]
  /** Where the proposal says so, or would: a field of its NetworkPlan, or of the ExposurePolicies. */
  readonly document: 'NetworkPlan' | 'ExposurePolicy'
  readonly path: readonly PathPart[]
  /** What has changed, as a clause: `spec.poolModel was "global" and is "perTenant"`. */
  readonly text: string
  /** It changes so much that other rules than these may refuse less, too. */
  readonly isBroad?: true
}

/** One of the NetworkPlan; `path` is below `spec`. */
export function ofPlan(rules: readonly string[], path: readonly PathPart[], text: string): Loosening {
  return { rules, document: 'NetworkPlan', path: ['spec', ...path], text }
}

/** Any change of what stands under `key` (in dots, below `spec`): empty when both sides say the same. */
export function changed(
  rules: readonly string[],
  key: string,
  [base, proposal]: readonly [unknown, unknown]
): readonly Loosening[] {
  if (sameMeaning(base, proposal)) return []
  const text = `spec.${key} was ${shownValue(base)} and is ${shownValue(proposal)}`
  return [{ ...ofPlan(rules, key.split('.'), text), isBroad: true }]
}

function shownValue(value: unknown): string {
  if (value === undefined) return 'not stated'
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Set) return `[${namesText([...value].map(String))}]`
  return 'another'
}

/** Ranges named in one text. */
const MOST_NAMED = 4

/** `10.0.0.1-10.0.0.9, fd00::1 and 3 more`; '' for none. */
export function rangesText(ranges: readonly AddressRange[]): string {
  return namesText(ranges.map(formatRange))
}

/** The same of any names. */
export function namesText(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ')
}

interface WithRange {
  readonly range: AddressRange
}

/** The addresses of `from` that are not in `other`: sorted, disjoint. O(n log n). */
export function rangesMissing(
  from: readonly WithRange[],
  other: readonly WithRange[]
): readonly AddressRange[] {
  return subtract(merge(from.map(({ range }) => range)), merge(other.map(({ range }) => range)))
}

/**
 * Equal for values that say the same: maps and sets by their entries, ranges by their addresses, whatever their texts and
 * whoever is told to own them. Lists are compared in order.
 */
export function sameMeaning(a: unknown, b: unknown): boolean {
  return meaningOf(a) === meaningOf(b)
}

/** Texts that say what something is for, and where it stands; nothing is decided by them. */
const WITHOUT_MEANING = new Set(['text', 'field', 'purpose', 'owner', 'reason', 'policy', 'name'])

/** The text that `sameMeaning` compares. O(size). */
export function meaningOf(value: unknown): string {
  return textOf(value, WITHOUT_MEANING)
}

/** Equal for values that say the same in the same words: also what has no meaning where poolguard reads it, but may where a user does. O(size). */
export function wordingOf(value: unknown): string {
  return textOf(value, new Set())
}

function textOf(value: unknown, without: ReadonlySet<string>): string {
  return JSON.stringify(value, (key, part: unknown) => {
    const isText = typeof part === 'string' && without.has(key)
    if (isText || key === 'ifExpired' || key === 'widenings') return undefined
    if (typeof part === 'bigint') return String(part)
    if (part instanceof Map) return [...part].toSorted(byText)
    return part instanceof Set ? [...part].toSorted(byText) : part
  })
}

function byText(a: unknown, b: unknown): number {
  const [one, other] = [String(Array.isArray(a) ? a[0] : a), String(Array.isArray(b) ? b[0] : b)]
  return one < other ? -1 : Number(one > other)
}
