import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answer, AnswerReview, Outcome, Question } from '../admission/answer.ts'
import { callerProof } from './caller-proof.ts'
import { closeOldConnections, countTraffic } from './connection-hooks.ts'
import type { Traffic } from './connection-hooks.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import { InFlight, OVERLOADED, receive } from './receive.ts'
import { INTERNAL_ERROR, refuse, refuseSocket } from './refusal.ts'
import type { Refusal } from './refusal.ts'
import { mediaTypeRefusal } from './request-checks.ts'
import { parseReviewJson } from './review-json.ts'
import { createListener } from './tls.ts'
import type { TlsOptions } from './tls.ts'

/** Words the answer when `answer` failed or took too long; `body` is the parsed review. */
export type FaultAnswer = (body: unknown, question: Question, error: unknown) => Answer

export interface AdmissionAppOptions {
  readonly answer: AnswerReview
  readonly faultAnswer: FaultAnswer
  /** Called once per answered review; not for requests that were refused before they were one. */
  readonly observe: (outcome: Outcome, durationMs: number, question: Question) => void
  readonly traffic: Traffic
  /** Absent: plain HTTP, for tests that inject requests. */
  readonly tls?: TlsOptions
  /** The first segment of every path, by which callers prove themselves; a client certificate (tls.clientCa) does too. */
  readonly pathSecret?: string | undefined
  readonly limits?: Partial<Limits>
  /** True from the first moment of a shutdown: every answer then asks the caller to connect elsewhere. */
  readonly retiring?: () => boolean
  /** False while reviews come in faster than they are answered. */
  readonly keepsUp?: () => boolean
}

/** The paths to register webhooks at. */
export const ADMISSION_PATHS: ReadonlyMap<string, Question> = new Map<string, Question>([
  ['/validate', { path: 'validate', onFault: 'fail' }],
  ['/mutate', { path: 'mutate', onFault: 'fail' }],
  ['/validate/ignore', { path: 'validate', onFault: 'ignore' }],
  ['/mutate/ignore', { path: 'mutate', onFault: 'ignore' }]
])

/**
 * The admission paths over HTTPS. A review is answered with what `answer` says; what is no JSON, too large, too much or in the
 * wrong place gets a small `{error, hint}`. No schema is attached to the routes: unknown fields must pass, and admission
 * decodes. Listening and closing are the caller's (see listen.ts).
 */
export function buildAdmissionApp(options: AdmissionAppOptions): FastifyInstance {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const { pathSecret, tls, traffic } = options
  const paths = [...ADMISSION_PATHS.keys()]
  const proof = callerProof({ pathSecret, asksCertificate: tls?.clientCa !== undefined }, paths)
  const app = fastify({
    serverFactory: handler => createListener(handler, tls, limits),
    // Before routing, so that nothing behind it ever sees the secret.
    rewriteUrl(request) {
      const url = proof.route(request)
      if (url === undefined) traffic.unproven()
      return url ?? UNPROVEN_URL
    },
    // Turning away what arrives on open connections during a shutdown would fail calls that can still be answered.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    clientErrorHandler: refuseSocket,
    frameworkErrors: (_error, request, reply: FastifyReply) =>
      void refuse(reply, proof.refusal(request.raw, UNPROVEN_URL))
  })
  // Bodies stay streams until `receive` reads them, after the checks that need no body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.setNotFoundHandler((request, reply) => refuse(reply, proof.refusal(request.raw, request.url)))
  app.setErrorHandler((error, _request, reply) => refuse(reply, refusalFor(error, traffic)))
  countTraffic(app, paths, traffic)
  closeOldConnections(app, limits.connectionMaxAgeMs, options.retiring ?? (() => false))
  const inFlight = new InFlight(limits)
  for (const [path, question] of ADMISSION_PATHS) {
    const serving: Serving = { ...options, limits, inFlight, question }
    app.post(path, (request, reply) => serve(request, reply, serving))
  }
  return app
}

/** Has no route, so that unproven requests end where unknown paths do. */
const UNPROVEN_URL = '/'

/** The framework refuses a Content-Type it cannot read; anything else that is thrown here is a defect of ours. */
function refusalFor(error: unknown, traffic: Traffic): Refusal {
  const refusal = mediaTypeRefusal({})
  if (refusal !== undefined && hasStatus(error, refusal.status)) return refusal
  traffic.panicked(error)
  return INTERNAL_ERROR
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === status
}

interface Serving extends AdmissionAppOptions {
  readonly limits: Limits
  readonly inFlight: InFlight
  readonly question: Question
}

async function serve(request: FastifyRequest, reply: FastifyReply, serving: Serving): Promise<FastifyReply> {
  const startedMs = performance.now()
  const { limits, question } = serving
  const mediaType = mediaTypeRefusal(request.headers)
  if (mediaType !== undefined) return refuse(reply, mediaType)
  if (serving.keepsUp?.() === false) return refuse(reply, OVERLOADED)
  const ticket = serving.inFlight.ticket()
  reply.raw.once('close', () => ticket.release())
  const received = await receive(request.raw, ticket, limits.bodyBytes)
  if (!received.ok) {
    // At once, not when the rest has been thrown away: bodies that arrive together would all be refused for one another.
    ticket.release()
    return refuse(reply, received.refusal)
  }
  if (!ticket.takeReview()) return refuse(reply, OVERLOADED)
  const json = parseReviewJson(received.body, limits.jsonDepth)
  if (!json.ok) return refuse(reply, json.refusal)
  const leftMs = deadlineMs(request.url, limits.deadlineMs) - (performance.now() - startedMs)
  const answer = await answerWithin(leftMs, json.value, serving)
  // A Buffer, so that the type stays exactly application/json and nothing is serialised twice.
  const body = Buffer.from(JSON.stringify(answer.body))
  serving.observe(answer.outcome, performance.now() - startedMs, question)
  return reply.code(answer.httpStatus).header('content-type', 'application/json').send(body)
}

/**
 * One second less than the caller waits (it rounds up to whole seconds, k8s.io/apiserver webhook/validating/dispatcher.go),
 * half of it when it waits one second, and never more than configured. An unreadable timeout counts as none.
 */
function deadlineMs(url: string, configuredMs: number): number {
  const seconds = /[?&]timeout=(\d{1,4})s(?:&|$)/.exec(url)?.[1]
  if (seconds === undefined) return configuredMs
  const waitsMs = Number(seconds) * 1_000
  return Math.min(Math.max(waitsMs - 1_000, waitsMs / 2), configuredMs)
}

class DeadlineExceeded extends Error {}

/** The answer, or the fault answer once `leftMs` has passed. An answer that comes later is dropped, observed by nobody. */
async function answerWithin(leftMs: number, body: unknown, serving: Serving): Promise<Answer> {
  const { answer, faultAnswer, question, traffic } = serving
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded('no answer in time')), Math.max(leftMs, 0))
  })
  try {
    return await Promise.race([answer(body, question), deadline])
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) traffic.panicked(error)
    return faultAnswer(body, question, error)
  } finally {
    clearTimeout(timer)
  }
}
