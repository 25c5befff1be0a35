import type { Judged, UnjudgedRule } from '../rules/evaluate.ts'
import type { Judgement } from './judge.ts'
import type { PatchOperation } from './patch.ts'
import type { Review } from './review.ts'
import { shown } from './show.ts'
import { fieldErrorWords, unjudgedWords } from './wording/unjudged.ts'
import { findingWords } from './wording/finding.ts'

/** metav1.StatusCause. `reason` is the rule's id, which programs can rely on. */
export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/** The `response` of an AdmissionReview, as the API server reads it. */
export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: {
    readonly status: 'Failure'
    readonly code: number
    readonly reason: string
    readonly message: string
    readonly details: {
      readonly name: string
      readonly group: string
      readonly kind: string
      readonly causes: readonly Cause[]
      /** The API server makes a Retry-After header of it, which kubectl and client-go obey by themselves. */
      readonly retryAfterSeconds?: number
    }
  }
  readonly warnings?: readonly string[]
  readonly auditAnnotations?: Readonly<Record<string, string>>
  readonly patchType?: 'JSONPatch'
  readonly patch?: string
}

/**
 * Findings in one message, and causes, of which the last is no finding; the rest is counted. 16 is more than a screen, and
 * bounds the answer against hostile input.
 */
const MOST_CAUSES = 16

/** The API server cuts a warning at 256 characters and drops those beyond 4096 in all (endpoints/filters/warning.go). */
const WARNING_CHARACTERS = 256
const ALL_WARNINGS_CHARACTERS = 4096

/** Longest reason of a refusal: it holds at most two pieces of user input. */
const REASON_CHARACTERS = 400

/** Reserved id of denials that are no rule's: an object that the API server's own schema would refuse too. */
export const INVALID_OBJECT = 'invalid-object'

/** The reason of the cause that names the policies in force; no rule's. */
const POLICIES_CAUSE = 'policies'

/** Why a judgement denies: one cause a finding, in the order of the rules. Empty when it allows. */
export function denialCauses(judgement: Judgement): readonly Cause[] {
  const { fieldErrors } = judgement
  const invalid = fieldErrors.map(error => ({
    reason: INVALID_OBJECT,
    message: `${fieldErrorWords(error)} [${INVALID_OBJECT}]`,
    field: error.field
  }))
  const found = judgement.findings.filter(judged => judged.action === 'deny')
  // A tenant is told less than there is, so that several findings may read alike.
  const causes = [...invalid, ...found.map(judged => causeOf(judged, judgement))]
  return [...new Map(causes.map(cause => [`${cause.field} ${cause.message}`, cause])).values()]
}

function causeOf({ rule, finding }: Judged, { audience }: Judgement): Cause {
  return { reason: rule.id, message: `${findingWords(finding, audience)} [${rule.id}]`, field: finding.field }
}

/** Rules that would deny but could not be judged because a kind is unreadable; they close the write on fail paths. */
export function closing(judgement: Judgement): readonly UnjudgedRule[] {
  return judgement.unjudged.filter(
    ({ action, reason, closes }) => closes && action === 'deny' && reason.because === 'kind-unknown'
  )
}

/** Said after a denial that could not be confirmed. */
const UNCONFIRMED: Cause = {
  reason: 'unconfirmed',
  message: 'This could not be confirmed with the API server; try again.',
  field: ''
}

/** The answer of the validating path. `onFault` says what unjudged and unconfirmed rules mean: refuse, or allow and warn. */
export function validatingResponse(
  review: Review,
  judgement: Judgement,
  onFault: 'fail' | 'ignore'
): AdmissionResponse {
  const annotations = { auditAnnotations: auditAnnotations(judgement) }
  const warnings = warningsOf(judgement)
  const causes = denialCauses(judgement)
  if (causes.length > 0 && !judgement.isUnconfirmed) {
    return {
      ...refusedFor(review, causes, { code: 403, judgement }),
      ...withWarnings(warnings),
      ...annotations
    }
  }
  const isUncertain = causes.length > 0 || judgement.isDoubtful
  const uncertain = isUncertain ? [...causes, UNCONFIRMED] : unreadCauses(judgement)
  if (uncertain.length > 0 && onFault === 'fail')
    return { ...refusedFor(review, uncertain, { code: 503, judgement }), ...annotations }
  const open = fittingWarnings([...warnings, ...uncertain.map(cause => cause.message)])
  return { uid: review.uid, allowed: true, ...withWarnings(open), ...annotations }
}

function unreadCauses(judgement: Judgement): readonly Cause[] {
  return closing(judgement).map(({ rule, reason }) => ({
    reason: rule.id,
    message: `${unjudgedWords(reason)} [${rule.id}]`,
    field: ''
  }))
}

function withWarnings(warnings: readonly string[]): Pick<AdmissionResponse, 'warnings'> {
  return warnings.length === 0 ? {} : { warnings }
}

/** The answer of the mutating path: never a denial, a patch only when there is something to change. */
export function mutatingResponse(review: Review, operations: readonly PatchOperation[]): AdmissionResponse {
  if (operations.length === 0) return { uid: review.uid, allowed: true }
  const patch = base64(JSON.stringify(operations))
  return { uid: review.uid, allowed: true, patchType: 'JSONPatch', patch }
}

/** The message kubectl prints: one line a finding, and a count of those left out. */
function messageOf(causes: readonly Cause[]): string {
  const lines = causes.slice(0, MOST_CAUSES).map(cause => cause.message)
  const more = causes.length - lines.length
  return more > 0 ? [...lines, `and ${more} more`].join('\n') : lines.join('\n')
}

/** How a review is refused, and what it was judged by. */
export interface Refusal {
  readonly code: RefusalCode
  readonly judgement: Judgement
  /** After which the caller may try again; absent: it need not. */
  readonly retryAfterSeconds?: number
}

/**
 * A denial with these causes, at least one. A last cause names the policies that were in force. It stands there since kubectl
 * prints the message alone: whoever reads a denial is spared 71 characters, and a program that compares answers of two replicas
 * has them.
 */
export function refusedFor(
  review: Review,
  causes: readonly Cause[],
  { code, judgement, retryAfterSeconds }: Refusal
): AdmissionResponse {
  const policies: Cause = { reason: POLICIES_CAUSE, message: judgement.snapshot.digest, field: '' }
  return {
    uid: review.uid,
    allowed: false,
    status: {
      status: 'Failure',
      code,
      reason: REASONS[code],
      message: messageOf(causes),
      details: {
        name: review.name,
        group: review.group,
        kind: review.kindName,
        causes: [...causes.slice(0, MOST_CAUSES - 1), policies],
        ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds })
      }
    }
  }
}

type RefusalCode = 403 | 409 | 429 | 503

/** metav1.StatusReason. */
const REASONS: Readonly<Record<RefusalCode, string>> = {
  403: 'Forbidden',
  409: 'AlreadyExists',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable'
}

/** Findings of rules set to warn, worded and cut as the API server would cut them. */
export function warningsOf(judgement: Judgement): readonly string[] {
  const found = judgement.findings.filter(judged => judged.action === 'warn')
  const foreign =
    judgement.notJudged === 'foreign-kind' ? ['poolguard does not judge this kind; allowed unseen'] : []
  return fittingWarnings([...foreign, ...found.map(judged => causeOf(judged, judgement).message)])
}

/** Cut as the API server would cut them, each once. */
export function fittingWarnings(texts: readonly string[]): readonly string[] {
  let left = ALL_WARNINGS_CHARACTERS
  return [...new Set(texts)].flatMap(text => {
    const characters = Array.from(text)
    const cut =
      characters.length > WARNING_CHARACTERS
        ? [...characters.slice(0, WARNING_CHARACTERS - 1), '…']
        : characters
    left -= cut.length
    return left >= 0 ? [cut.join('')] : []
  })
}

/** Keys without '/': the API server puts the webhook's name before them. */
function auditAnnotations(judgement: Judgement): Readonly<Record<string, string>> {
  const ids = (action: 'deny' | 'warn' | 'audit') =>
    [
      ...new Set(judgement.findings.filter(judged => judged.action === action).map(judged => judged.rule.id))
    ].join(',')
  const entries: (readonly [string, string])[] = [
    ['denied', ids('deny')],
    ['warned', ids('warn')],
    ['audited', ids('audit')],
    ['exempted', exemptedText(judgement)],
    ['unjudged', [...new Set(judgement.unjudged.map(({ rule }) => rule.id))].join(',')],
    ['unconfirmed', judgement.isUnconfirmed ? 'true' : '']
  ]
  return Object.fromEntries<string>([
    ...entries.filter(([, value]) => value !== ''),
    ['policies', judgement.snapshot.digest]
  ])
}

/** Each use of an exemption once: `pool-node-address by ExposurePolicy lab (single-node lab)`. At most 16 are named. */
function exemptedText({ exempted }: Judgement): string {
  const uses = exempted.map(
    ({ rule, exemption: { policy, reason } }) => `${rule.id} by ExposurePolicy ${policy} (${shown(reason)})`
  )
  return [...new Set(uses)].slice(0, MOST_CAUSES).join('; ')
}

/** Standard base64 of UTF-8, without a runtime module: `btoa` takes bytes as characters. */
function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}

/** The answer to a review that contradicts itself, or to a fault on a path registered with failurePolicy Fail. */
export function refusal(uid: string, code: 400 | 500, reason: string): AdmissionResponse {
  return {
    uid,
    allowed: false,
    status: {
      status: 'Failure',
      code,
      reason: code === 400 ? 'BadRequest' : 'InternalError',
      message: shown(reason, REASON_CHARACTERS),
      details: { name: '', group: '', kind: '', causes: [] }
    }
  }
}
