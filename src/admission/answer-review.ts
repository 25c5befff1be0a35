import type { Answer, AnswerReview, OnFault, Outcome, Question } from './answer.ts'
import {
  denialCauses,
  closing,
  mutatingResponse,
  refusal,
  validatingResponse,
  type AdmissionResponse
} from './response.ts'
import { judge, type Judgement } from './judge.ts'
import { mutate } from './mutate.ts'
import type { Ports } from './ports.ts'
import { parseReview, type Review } from './review.ts'
import { shown } from './show.ts'

/** Builds the function that answers request bodies: parse, judge or default, word, and turn faults into answers. */
export function createAnswerReview(ports: Ports): AnswerReview {
  return async (body, question) => {
    const parsed = parseReview(body)
    if (!parsed.ok) {
      return parsed.kind === 'malformed'
        ? malformedAnswer(parsed.reason)
        : reviewAnswer(
            refusal(parsed.uid, 400, parsed.reason),
            faultOutcome(parsed.uid, 'denied', parsed.reason)
          )
    }
    try {
      return question.path === 'mutate'
        ? await mutatingAnswer(parsed.review, ports)
        : await validatingAnswer(parsed.review, ports, question.onFault)
    } catch (error) {
      return faultAnswer(body, question, error)
    }
  }
}

async function validatingAnswer(review: Review, ports: Ports, onFault: OnFault): Promise<Answer> {
  const judgement = await judge(review, ports)
  const response = validatingResponse(review, judgement, onFault)
  return reviewAnswer(response, judgedOutcome(review, judgement, response.allowed))
}

async function mutatingAnswer(review: Review, ports: Ports): Promise<Answer> {
  const operations = await mutate(review, ports)
  const outcome = { ...outcomeOf(review), verdict: 'allowed', patched: operations.length > 0 } as const
  return reviewAnswer(mutatingResponse(review, operations), outcome)
}

/**
 * The answer to an internal fault or a missed deadline: refused with code 500 on paths registered with failurePolicy
 * Fail, allowed with a warning on those with Ignore, as the administrator chose. A body without uid gets HTTP 400.
 */
export function faultAnswer(body: unknown, question: Question, error: unknown): Answer {
  const parsed = parseReview(body)
  if (!parsed.ok && parsed.kind === 'malformed') return malformedAnswer(parsed.reason)
  const uid = parsed.ok ? parsed.review.uid : parsed.uid
  const reason = error instanceof Error ? error.message : 'an internal fault'
  const outcome = faultOutcome(uid, 'fault', reason)
  if (question.onFault === 'ignore') {
    const warning = 'poolguard could not judge this write and allowed it unseen'
    return reviewAnswer(
      { uid, allowed: true, warnings: [warning], auditAnnotations: { fault: 'ignored' } },
      outcome
    )
  }
  return reviewAnswer(
    refusal(uid, 500, `poolguard could not judge this write (review ${uid}): ${reason}`),
    outcome
  )
}

/** HTTP 400: a body that is no AdmissionReview has no uid to answer to. */
function malformedAnswer(reason: string): Answer {
  return {
    httpStatus: 400,
    body: { error: `not an AdmissionReview: ${shown(reason)}` },
    outcome: faultOutcome('', 'malformed', reason)
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
    audited: [...new Set(ids('audit'))]
  }
}

function outcomeOf(review: Review): Outcome {
  return {
    uid: review.uid,
    kind: review.kindName,
    operation: review.operation,
    namespace: review.namespace,
    name: review.name,
    username: review.username,
    dryRun: review.dryRun,
    verdict: 'allowed',
    denied: [],
    warned: [],
    audited: [],
    patched: false,
    fault: ''
  }
}

function faultOutcome(uid: string, verdict: Outcome['verdict'], fault: string): Outcome {
  const unknown = { kind: '', operation: '', namespace: '', name: '', username: '', dryRun: false }
  return { ...unknown, uid, verdict, denied: [], warned: [], audited: [], patched: false, fault }
}
