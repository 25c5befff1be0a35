import type { At } from './at.ts'

/** What a custom rule has to say. `field` and `value` are '': an expression is about the object as a whole. */
export type CustomFinding = At & {
  readonly code: 'custom-rule'
  /** `failed`: the expression could not be evaluated on this object. */
  readonly outcome: 'refused' | 'failed'
  /** The author's words, or why it failed; as long as they are, and with whatever characters. */
  readonly text: string
}
