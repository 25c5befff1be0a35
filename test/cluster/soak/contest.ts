import type { Outcome } from './writer.ts'

/** What came of several writes at once that take one address. */
export type ContestResult = {
  /** Objects stored beyond the first. */
  readonly wronglyStored: number
  /** None is stored, and none failed, nor was told that the ledger cannot be written just now. */
  readonly isEmpty: boolean
}

/** Judges a contest by what was answered and how many of the contenders have the address now. */
export function judgeContest(outcomes: readonly Outcome[], stored: number): ContestResult {
  const isDisturbed = outcomes.some(outcome => outcome === 'unknown' || outcome === 'deferred')
  return { wronglyStored: Math.max(0, stored - 1), isEmpty: stored === 0 && !isDisturbed }
}
