import { IN_FLIGHT_WORDS } from '../../../src/admission/wording/under-way.ts'
import { excuseOf, type Call, type Excuse } from './excuses.ts'

/** What has to come of a write. */
export type Wanted =
  | { readonly what: 'pass' }
  /** Refused by one of these rules. `isLetThrough`: the webhook fails open, as those of deletions do. */
  | { readonly what: 'refusal'; readonly rules: readonly string[]; readonly isLetThrough?: boolean }
  /** One of several at once that take the same: it passes, or is refused by one of these rules, or has to wait. */
  | { readonly what: 'contend'; readonly rules: readonly string[] }

/**
 * - `passed`, `refused`: as it had to be.
 * - `wait`: told to try again, as kubectl and controllers do.
 * - `deferred`: the same for a contender, who does not; a claim may be left of it. Told that another one is ahead, it is `refused`.
 * - `excused`: failed, or was let through, because of an outage that was made here.
 * - `lost`: failed, and no outage explains it.
 * - `wronglyPassed`: stored, and had to be refused.
 * - `surprise`: answered in any other way than it had to be.
 */
export type Verdict =
  'passed' | 'refused' | 'wait' | 'deferred' | 'excused' | 'lost' | 'wronglyPassed' | 'surprise'

/** Judges the answer to one call. */
export function verdictOn(call: Call, wanted: Wanted, excuses: readonly Excuse[]): Verdict {
  const { status } = call
  if (isSuccess(status)) return verdictOnSuccess(call, wanted, excuses)
  if (isFailure(call)) return excuseOf(call, excuses) === undefined ? 'lost' : 'excused'
  // not poolguard's, and as good: the API server limits its callers too
  if (status === 429 || isUnconfirmed(call)) return verdictOnWait(call, wanted)
  if (status === 403 && wanted.what !== 'pass' && wanted.rules.some(rule => names(call, rule)))
    return 'refused'
  return excuseOf(call, excuses) !== undefined && !isRefusalByRule(call) ? 'excused' : 'surprise'
}

function verdictOnWait({ message }: Call, { what }: Wanted): Verdict {
  if (what !== 'contend') return 'wait'
  return message.includes(IN_FLIGHT_WORDS) ? 'refused' : 'deferred'
}

function verdictOnSuccess(call: Call, wanted: Wanted, excuses: readonly Excuse[]): Verdict {
  if (wanted.what !== 'refusal') return 'passed'
  const isOfOutage = wanted.isLetThrough === true && excuseOf(call, excuses) !== undefined
  return isOfOutage ? 'excused' : 'wronglyPassed'
}

/** Whether nobody judged: no answer, or an error of the API server's own. What poolguard refuses says so, with whatever code. */
function isFailure({ status, message }: Call): boolean {
  return status === 0 || (status >= 500 && !message.includes('denied the request'))
}

/** A rule would refuse it, and the API server was too slow to say whether what it rests on is still so: try again, says the answer. */
function isUnconfirmed({ status, message }: Call): boolean {
  return status === 503 && message.includes('could not be confirmed')
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function names({ message }: Call, rule: string): boolean {
  return message.includes(`[${rule}]`)
}

/** A rule that speaks has seen what it speaks of: no outage excuses that. */
function isRefusalByRule({ status, message }: Call): boolean {
  return status === 403 && /\[[a-z][a-z0-9-]+\]/.test(message) && !message.includes('cannot be judged now')
}
