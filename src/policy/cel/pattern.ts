import { RE2JS } from 're2js'

/** A regular expression in RE2's syntax, matched in linear time. */
export interface Pattern {
  /** Instructions of the program: a text takes its length times this at most. */
  readonly size: number
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean
}

/** Longer ones are refused before they are compiled. */
export const MOST_PATTERN_CHARACTERS = 256

/** Instructions a pattern may have, such as `a{1000}` has: repetitions of repetitions multiply. */
export const MOST_INSTRUCTIONS = 2000

/** The pattern, or what is wrong with it. Compiling takes some 100 us. */
export function readPattern(text: string): Pattern | string {
  if (text.length > MOST_PATTERN_CHARACTERS)
    return `a pattern of more than ${MOST_PATTERN_CHARACTERS} characters`
  if (sizeOf(text) > MOST_INSTRUCTIONS) return 'a pattern that repeats too much'
  try {
    const compiled = RE2JS.compile(text)
    const size = compiled.programSize()
    if (size > MOST_INSTRUCTIONS) return 'a pattern that repeats too much'
    return { size, test: one => compiled.test(one) }
  } catch (error) {
    return error instanceof Error ? error.message : 'not a regular expression'
  }
}

/** An escape, a class, a repetition, a bracket, or one character. */
const TOKENS = /\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gsu

/** About how many instructions the pattern is compiled to: repetitions are written out, those of repetitions as well. */
function sizeOf(text: string): number {
  const groups = [0]
  let last = 0
  for (const [token, least, most] of text.matchAll(TOKENS)) {
    if (token === '(') {
      groups.push(0)
      last = 0
      continue
    }
    if (least !== undefined) last *= Math.max(1, Number(least), Number(most ?? 0)) - 1
    else if (token === ')') last = 2 + (groups.length > 1 ? (groups.pop() ?? 0) : 0)
    else last = 1
    groups.push((groups.pop() ?? 0) + last)
  }
  return groups.reduce((all, size) => all + size, 0)
}
