import type { Answer, AnswerReview, OnFault, Outcome, Question } from './answer.ts'
import { denialCauses, closing, mutatingResponse, refusal, type AdmissionResponse } from './response.ts'
import { admit, IGNORED } from './admit.ts'
import type { Judgement } from './judge.ts'
import { mutate } from './mutate.ts'
import { pinned, type Ports } from './ports.ts'
import { parseReview, type Review } from './review.ts'
import { shown } from './show.ts'

/** Builds the function that answers request bodies: parse, judge or default, word. It rejects on a bug only. */
export function createAnswerReview(ports: Ports): AnswerReview {
  return async (body, question) => {
    const parsed = parseReview(body)
    if (parsed.ok) {
      return question.path === 'mutate'
        ? mutatingAnswer(parsed.review, pinned(ports))
        : validatingAnswer(parsed.review, pinned(ports), question.onFault)
    }
    if (parsed.kind === 'malformed') return malformedAnswer(parsed.reason)
    const outcome = { ...NOBODY, uid: parsed.uid, verdict: 'denied', fault: parsed.reason } as const
    return reviewAnswer(refusal(parsed.uid, 400, parsed.reason), outcome)
  }
}

async function validatingAnswer(review: Review, ports: Ports, onFault: OnFault): Promise<Answer> {
  const { judgement, response, withheld, ignoredFault } = await admit(review, ports, onFault)
  const outcome = judgedOutcome(review, judgement, response.allowed)
  if (ignoredFault !== undefined)
    return reviewAnswer(response, { ...outcome, verdict: 'fault', fault: ignoredFault })
  return reviewAnswer(response, withheld === undefined ? outcome : { ...outcome, denied: [withheld] })
}

async function mutatingAnswer(review: Review, ports: Ports): Promise<Answer> {
  const operations = await mutate(review, ports)
  const outcome = { ...outcomeOf(review), verdict: 'allowed', patched: operations.length > 0 } as const
  return reviewAnswer(mutatingResponse(review, operations), outcome)
}

/**
 * The answer to an internal fault or a missed deadline: refused with code 500 on paths registered with failurePolicy
 * Fail, allowed with a warning on those with Ignore, as the administrator chose. The caller is told the review's uid, by
 * which the log tells the fault. A body without uid gets HTTP 400.
 */
export function faultAnswer(body: unknown, question: Question, error: unknown): Answer {
  const parsed = parseReview(body)
  if (!parsed.ok && parsed.kind === 'malformed') return malformedAnswer(parsed.reason)
  const fault = error instanceof Error ? error.message : 'an internal fault'
  const known = parsed.ok ? outcomeOf(parsed.review) : { ...NOBODY, uid: parsed.uid }
  const outcome = { ...known, verdict: 'fault', fault } as const
  if (question.onFault === 'ignore') {
    const warnings = ['poolguard could not judge this write and allowed it unseen']
    return reviewAnswer({ uid: known.uid, allowed: true, warnings, auditAnnotations: IGNORED }, outcome)
  }
  return reviewAnswer(
    refusal(known.uid, 500, `poolguard could not judge this write; its log has review ${known.uid}`),
    outcome
  )
}

/** HTTP 400: a body that is no AdmissionReview has no uid to answer to. */
function malformedAnswer(reason: string): Answer {
  return {
    httpStatus: 400,
    body: { error: `not an AdmissionReview: ${shown(reason)}` },
    outcome: { ...NOBODY, verdict: 'malformed', fault: reason }
  }
}

function reviewAnswer(response: AdmissionResponse, outcome: Outcome): Answer {
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }
  return { httpStatus: 200, body, outcome }
}

function judgedOutcome(review: Review, judgement: Judgement, allowed: boolean): Outcome {
  const ids = (action: 'warn' | 'audit') =>
    judgement.findings.filter(judged => judged.action === action).map(judged => judged.rule.id)
  const denied = allowed
    ? []
    : [
        ...denialCauses(judgement).map(cause => cause.reason),
        ...closing(judgement).map(({ rule }) => rule.id)
      ]
  return {
    ...outcomeOf(review),
    verdict: allowed ? 'allowed' : 'denied',
    denied: [...new Set(denied)],
    warned: [...new Set(ids('warn'))],
    audited: [...new Set(ids('audit'))],
    exempted: exemptionUses(judgement)
  }
}

/** Each pair of a rule and the policy that exempts from it once. */
function exemptionUses({ exempted }: Judgement): Outcome['exempted'] {
  const uses = exempted.map(({ rule, exemption: { policy } }) => ({ rule: rule.id, policy }))
  return [...new Map(uses.map(use => [`${use.rule} ${use.policy}`, use])).values()]
}

function outcomeOf(review: Review): Outcome {
  const { uid, operation, namespace, name, username, dryRun } = review
  return {
    ...NOBODY,
    uid,
    kind: review.kindName,
    operation,
    namespace,
    name,
    username,
    dryRun,
    verdict: 'allowed'
  }
}

/** The outcome of a request that named nothing. */
const NOBODY: Outcome = {
  uid: '',
  kind: '',
  operation: '',
  namespace: '',
  name: '',
  username: '',
  dryRun: false,
  verdict: 'malformed',
  denied: [],
  warned: [],
  audited: [],
  exempted: [],
  patched: false,
  fault: ''
}
