import type { Attempt } from './wave.ts'
import type { Fault, Round } from './round.ts'

/** Answers that a write of a race may get; while a replica dies, also that of the API server that could not reach it. */
const EXPECTED: Readonly<Record<Fault, readonly number[]>> = {
  none: [201, 403, 429],
  pause: [201, 403, 429],
  kill: [201, 403, 429, 500]
}

/** What is wrong with a round, one sentence each; empty: nothing. */
export function complaints(round: Round): readonly string[] {
  const { fault, survivors, overlapping, left, late, attempts } = round
  const isKilled = fault === 'kill'
  const surprise = attempts.find(({ status }) => !EXPECTED[fault].includes(status))
  const all: readonly (readonly [boolean, string])[] = [
    [overlapping.length > 0, `stored with addresses in common: ${overlapping.join(', ')}`],
    [survivors.length > 1, `${survivors.length} of one conflict set are stored: ${survivors.join(', ')}`],
    [survivors.length === 0 && !isKilled, 'none of a conflict set is stored, and no replica was killed'],
    [late.length > 0, `claims of stored objects are left: ${late.join(', ')}`],
    [left.length > 0 && !isKilled, `claims of writes that failed are left: ${left.join(', ')}`],
    [surprise !== undefined, `answered ${surprise?.status}: ${surprise?.message}`]
  ]
  const where = `${round.contest}, round ${round.round}, fault ${fault}: `
  return all.filter(([isWrong]) => isWrong).map(([, what]) => where + what)
}

/**
 * Whether replicas with silent watches had to go by the ledger in any round. Not in each: a replica that looks after the ledger in
 * between reads what is stored, which may be why (not traced).
 */
export function isSilenceTested(rounds: readonly Round[]): boolean {
  const paused = rounds.filter(({ judgedInSilence }) => judgedInSilence !== undefined)
  return paused.length === 0 || paused.some(({ judgedInSilence }) => judgedInSilence !== 0)
}

/** Numbers of many rounds. */
export type Tally = {
  readonly rounds: number
  readonly admitted: number
  /** Objects stored beyond the first of each round. */
  readonly wronglyStored: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Rounds in which nothing was stored. */
  readonly empty: number
  /** Writes by HTTP status; 0: no answer. */
  readonly answers: Readonly<Record<string, number>>
}

export function tally(rounds: readonly Pick<Round, 'survivors' | 'attempts'>[]): Tally {
  const attempts = rounds.flatMap(round => round.attempts)
  const answers: Record<string, number> = {}
  for (const { status } of attempts) answers[status] = (answers[status] ?? 0) + 1
  const sum = (of: (survivors: number) => number): number =>
    rounds.reduce((total, { survivors }) => total + of(survivors.length), 0)
  return {
    rounds: rounds.length,
    admitted: sum(survivors => survivors),
    wronglyStored: sum(survivors => Math.max(0, survivors - 1)),
    p50Ms: Math.round(quantile(tookMs(attempts), 0.5)),
    p99Ms: Math.round(quantile(tookMs(attempts), 0.99)),
    empty: sum(survivors => Number(survivors === 0)),
    answers
  }
}

function tookMs(attempts: readonly Attempt[]): readonly number[] {
  return attempts.map(attempt => attempt.tookMs)
}

/** Of values in any order; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
