import type { FastifyInstance } from 'fastify'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerReview } from '../admission/answer.ts'
import { WEBHOOK_TIMEOUT_SECONDS } from '../admission/registration.ts'
import { buildAdminApp } from './admin-app.ts'
import type { ReadinessCheck } from './admin-app.ts'
import { buildAdmissionApp } from './app.ts'
import type { FaultAnswer } from './app.ts'
import { guardEventLoop } from './event-loop.ts'
import type { EventLoopGuard } from './event-loop.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import { logOutcome, printable } from './logger.ts'
import type { Log } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { selfProbe } from './self-probe.ts'
import { inspectPair, swapCertificate } from './tls.ts'
import type { CertificatePair, TlsOptions } from './tls.ts'

/** After this nobody waits any more for what was asked before: the time that API servers give the webhooks. */
export const DRAIN_TIMEOUT_MS = WEBHOOK_TIMEOUT_SECONDS * 1_000

/** An address to listen at; port 0 lets the system choose. `localhost` means 127.0.0.1. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface ServerOptions {
  readonly answer: AnswerReview
  readonly faultAnswer: FaultAnswer
  readonly tls: TlsOptions
  /** The first segment of every path, by which callers prove themselves; undefined: none. */
  readonly pathSecret?: string | undefined
  readonly listen: Endpoint
  readonly adminListen: Endpoint
  /** What the rest of the program needs before reviews may come; the server adds its own checks. */
  readonly ready: () => readonly ReadinessCheck[]
  readonly metrics: Metrics
  /** More metrics in the text format of Prometheus, asked for at each scrape. */
  readonly moreMetrics?: () => Promise<string>
  readonly log: Log
  readonly limits?: Partial<Limits>
  /** How long a stopping server goes on serving, for its endpoint to vanish everywhere. Default 10 s; 0 in development. */
  readonly shutdownDelayMs?: number
  /** How long requests may take to finish after that. Default `DRAIN_TIMEOUT_MS`. */
  readonly drainTimeoutMs?: number | undefined
}

export interface RunningServer {
  readonly address: Endpoint
  readonly adminAddress: Endpoint
  /** Serves another certificate to new connections. Returns what is wrong with it, '' when it was taken. */
  readonly reload: (pair: CertificatePair) => string
  /** Stops without failing a call; resolves when nothing is open any more. A second call waits for the first. */
  readonly stop: () => Promise<void>
}

/** Serves reviews and, beside them, health and metrics. Rejects when the certificate is unusable or an address is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { tls, metrics, log } = options
  const inspection = inspectPair(tls)
  if (!inspection.ok) throw new Error(`the certificate cannot be served: ${inspection.problem}`)
  metrics.certificateServed(inspection.notAfter)
  const { leaf, notAfter } = inspection
  const state: State = { retiring: false, notAfter, fingerprint: leaf.fingerprint256 }
  const guard = guardEventLoop(options.limits?.eventLoopLagMs ?? DEFAULT_LIMITS.eventLoopLagMs)
  metrics.measureEventLoop(guard.takeWorstLagMs)
  const app = admissionApp(options, state, guard)
  const destroySockets = trackSockets(app.server)
  const probe = selfProbe(app.server, () => state.fingerprint)
  const adminApp = buildAdminApp({
    ready: async () => [...serverChecks(await probe(), state), ...options.ready()],
    registry: metrics.registry,
    moreMetrics: options.moreMetrics
  })
  // First, so that probes are answered (503) while the rest starts.
  const adminAddress = await open(adminApp, options.adminListen)
  const address = await open(app, options.listen).catch(async (error: unknown) => {
    await adminApp.close()
    throw error
  })
  log.info({ address, adminAddress }, 'listening')
  let stopped: Promise<void> | undefined
  return {
    address,
    adminAddress,
    reload: pair => reload(app, { ...tls, ...pair }, options, state),
    stop: () =>
      (stopped ??= stop(app, adminApp, options, { state, destroySockets }).finally(() => guard.stop()))
  }
}

interface State {
  retiring: boolean
  notAfter: Date
  /** SHA-256 of the certificate that is to be served. */
  fingerprint: string
}

function admissionApp(options: ServerOptions, state: State, guard: EventLoopGuard): FastifyInstance {
  const { answer, faultAnswer, tls, pathSecret, metrics, log, limits = {} } = options
  const app = buildAdmissionApp({
    answer,
    faultAnswer,
    tls,
    pathSecret,
    limits,
    retiring: () => state.retiring,
    keepsUp: guard.keepsUp,
    observe(outcome, durationMs, question) {
      metrics.observe(outcome, durationMs, question)
      logOutcome(log, outcome, durationMs, question)
    },
    traffic: {
      ...metrics,
      panicked(error) {
        metrics.panicked(error)
        log.error({ err: error }, 'unexpected error')
      }
    }
  })
  app.server.on('tlsClientError', (error: Error) => {
    metrics.handshakeFailed()
    log.debug({ reason: printable(error.message) }, 'TLS handshake failed')
  })
  return app
}

function serverChecks(problem: string, state: State): readonly ReadinessCheck[] {
  return [
    { name: 'shutdown', ok: !state.retiring, detail: state.retiring ? 'stopping' : 'not stopping' },
    { name: 'listener', ok: problem === '', detail: problem === '' ? 'serves its certificate' : problem },
    // Never a reason to be unready: callers refuse an expired certificate anyway, and other replicas have the same one.
    { name: 'certificate', ok: true, detail: `valid until ${state.notAfter.toISOString()}` }
  ]
}

async function open(app: FastifyInstance, { host, port }: Endpoint): Promise<Endpoint> {
  // For `localhost` the framework opens a second listener, which neither a reload nor a stop of ours would reach.
  await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP listener')
  return { host: address.address, port: address.port }
}

function reload(
  app: FastifyInstance,
  tls: TlsOptions,
  { metrics, log }: ServerOptions,
  state: State
): string {
  const problem = swapCertificate(app.server, tls)
  const inspection = inspectPair(tls)
  if (problem !== '' || !inspection.ok) {
    metrics.certificateReloadFailed()
    log.error({ problem }, 'the new certificate is not usable; the old one stays')
    return problem
  }
  state.notAfter = inspection.notAfter
  state.fingerprint = inspection.leaf.fingerprint256
  metrics.certificateServed(inspection.notAfter)
  log.info({ notAfter: inspection.notAfter.toISOString() }, 'serving a new certificate')
  return ''
}

/**
 * Answers ask for new connections from the first moment, and idle ones are closed only after the delay: whatever is idle then
 * has not been used all that time, so hardly a request is on its way to a socket that closes.
 */
async function stop(
  app: FastifyInstance,
  adminApp: FastifyInstance,
  options: ServerOptions,
  { state, destroySockets }: { readonly state: State; readonly destroySockets: () => void }
): Promise<void> {
  state.retiring = true
  options.log.info('stopping')
  await sleep(options.shutdownDelayMs ?? 10_000)
  const overdue = setTimeout(destroySockets, options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS)
  await app.close()
  clearTimeout(overdue)
  adminApp.server.closeAllConnections()
  await adminApp.close()
  options.log.info('stopped')
}

/** Destroys what is still open when called. Node's closeAllConnections spares sockets that never finished their handshake. */
function trackSockets(server: Server): () => void {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}
