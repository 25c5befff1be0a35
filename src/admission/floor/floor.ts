import type { ExposurePolicy } from '../../policy/exposure-policy.ts'
import type { Plan } from '../../policy/plan.ts'
import type { FloorWords } from '../wording/floor.ts'
import type { Cel, Variable } from './cel.ts'

/** An ExposurePolicy, and whether it applies to the request at hand. */
export interface PolicyTerm {
  readonly policy: ExposurePolicy
  /** Holds only where the API server can tell that it applies. */
  readonly applies: Cel
  /** Holds wherever it may apply. */
  readonly mayApply: Cel
}

/** What floors are made from. */
export interface FloorContext {
  readonly plan: Plan
  readonly policies: readonly PolicyTerm[]
}

/** One thing that is refused. */
export interface Check {
  /** Whether it is asked about this request at all. */
  readonly when: Cel
  /** What is wrong, as a variable of its own: a list of strings, each a value that the message names. Empty: nothing. */
  readonly offenders: Variable
  readonly words: FloorWords
}

/** What the API server can judge of one rule by itself. */
export interface Floor {
  /** The rule's id. */
  readonly rule: string
  /** Which writes of Services: of the objects themselves, or of their status. */
  readonly on: 'object' | 'status'
  /** In the order in which they refer to one another. */
  readonly variables: readonly Variable[]
  /** Empty: no policy states anything that the API server could judge. */
  readonly checks: readonly Check[]
  /** What policies state and the floor leaves out, one sentence each. */
  readonly leftOut: readonly string[]
}

/** One file a rule. */
export type FloorOf = (context: FloorContext) => Floor
