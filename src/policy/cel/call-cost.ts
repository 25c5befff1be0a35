import { CHARACTERS_A_STEP } from './equality.ts'

/** Functions that read texts as addresses. */
const READERS: ReadonlySet<string> = new Set([
  'ip',
  'cidr',
  'range',
  'isIP',
  'isCIDR',
  'isCanonical',
  'containsIP',
  'containsCIDR',
  'containsRange',
  'overlaps'
])

/** For one text: 1 us for IPv4, 5 us for IPv6. */
const IPV4_STEPS = 20
const IPV6_STEPS = 80

/** Looking for a text in another can take their product in the worst case. */
const SEARCHES: ReadonlySet<string> = new Set(['contains', 'indexOf', 'lastIndexOf', 'split', 'replace'])

/** Characters by characters that a search takes at the price of one step. */
const COMPARISONS_A_STEP = 1024

/** Steps for a call of this function with these values, a method's receiver first. */
export function callCost(name: string, operands: readonly unknown[]): number {
  const read = READERS.has(name)
    ? operands.reduce<number>((all, operand) => all + readingCost(operand), 0)
    : 0
  const copied = operands.reduce<number>((all, operand) => all + costOf(operand), 1 + read)
  const [text, part, other] = operands
  if (!SEARCHES.has(name) || typeof text !== 'string' || typeof part !== 'string') return copied
  // Every character may become a list element, or a longer text.
  const made = name === 'split' ? pieces(text, part) : 0
  const grown = name === 'replace' ? (pieces(text, part) * lengthOf(other)) / CHARACTERS_A_STEP : 0
  return copied + made + grown + (text.length * part.length) / COMPARISONS_A_STEP
}

function readingCost(operand: unknown): number {
  if (typeof operand !== 'string') return 0
  return operand.includes(':') ? IPV6_STEPS : IPV4_STEPS
}

/** How many pieces there can be at most. */
function pieces(text: string, separator: string): number {
  return 1 + text.length / Math.max(1, separator.length)
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

/** Steps for reading all of a value once, as far as calls do: a text, or a list with the texts in it. */
export function costOf(value: unknown): number {
  if (typeof value === 'string') return value.length / CHARACTERS_A_STEP
  if (!Array.isArray(value)) return 0
  return value.reduce<number>((all, item: unknown) => all + lengthOf(item) / CHARACTERS_A_STEP, value.length)
}
