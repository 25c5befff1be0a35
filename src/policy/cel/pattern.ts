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
  if (repetitions(text) > MOST_INSTRUCTIONS) return 'a pattern that repeats too much'
  try {
    const compiled = RE2JS.compile(text)
    const size = compiled.programSize()
    if (size > MOST_INSTRUCTIONS) return 'a pattern that repeats too much'
    return { size, test: one => compiled.test(one) }
  } catch (error) {
    return error instanceof Error ? error.message : 'not a regular expression'
  }
}

/** The product of all counted repetitions, which bounds what compiling them makes of one another. */
function repetitions(text: string): number {
  const counts = [...text.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) =>
    Math.max(1, Number(least), Number(most ?? 0))
  )
  return counts.reduce((product, count) => product * count, 1)
}
