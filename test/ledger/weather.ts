import type { Random } from '../histories/random.ts'

/** What one schedule has in plenty, and what it goes without. */
export interface Weather {
  /** Processes die, or the ledger does. */
  readonly isCruel: boolean
  /** Reads of the ledger may be of an earlier version, puts may have an unknown outcome, lists fail, and objects may not be read. */
  readonly isUnreliable: boolean
  readonly areRevisionsComparable: boolean
  /** How often, of a hundred times, time passes, a collector starts, a watch ends or, if it is cruel, something dies. */
  readonly pass: number
  readonly collect: number
  readonly relist: number
  readonly harm: number
  /** The end of the label of steps that are put off. */
  readonly dawdles: string
  /** What passes at once: less than a request may take, or more than a claim may. */
  readonly longestMs: number
  /** How many of several sets of ranges an owner asks for. */
  readonly variety: number
}

/** Draws it, but for what is given: what it takes for one rule of the protocol to matter may come together seldom. */
export function weatherOf(random: Random, given: Partial<Weather>): Weather {
  return {
    isCruel: random.oneIn(3),
    isUnreliable: random.oneIn(3),
    areRevisionsComparable: !random.oneIn(8),
    pass: random.of([2, 5, 14]),
    collect: random.of([4, 10, 22]),
    relist: random.of([0, 0, 2, 14]),
    harm: random.of([3, 3, 12]),
    dawdles: random.of(['nothing', 'commit', 'read']),
    longestMs: random.of([25_000, 25_000, 130_000]),
    variety: 1 + random.below(2),
    ...given
  }
}
