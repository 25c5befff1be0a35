import { join } from 'node:path'
import { createAnswerReview, faultAnswer } from '../admission/answer-review.ts'
import { policyDoubts } from '../admission/policy-doubts.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import { policyDoubtWords } from '../admission/wording/policy-doubt.ts'
import { KIND_NAMES } from '../kinds/index.ts'
import { formatDocumentError, type DocumentError } from '../policy/document-error.ts'
import { expiredExemptions } from '../policy/exemption.ts'
import { capacitySteps } from '../rules/capacity.ts'
import { capacityMetrics } from '../server/capacity-metrics.ts'
import { addInventoryMetrics, type InventoryFacts } from '../server/inventory-metrics.ts'
import { startServer, type Endpoint, type RunningServer } from '../server/listen.ts'
import { createLogger, type Log } from '../server/logger.ts'
import type { CertificatePair } from '../server/tls.ts'
import { createMetrics, type Metrics } from '../server/metrics.ts'
import { pollCertificate } from './certificate-poll.ts'
import { certificatesIn } from './certificates.ts'
import { systemClock, wallTimeMs } from './clock.ts'
import { readText } from './files.ts'
import { proofsOf, type ProofOptions } from './install/proofs.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { tellOfFindings } from './finding-events.ts'
import { loadPolicies, orDefault } from './policies.ts'
import { readinessOf } from './readiness.ts'
import { clusterWorld, fileWorld, isClusterWorld, type World, type WorldOptions } from './world.ts'

export interface ServeOptions extends WorldOptions, ProofOptions {
  readonly listen: string
  readonly adminListen: string
  readonly certs: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsName?: readonly string[]
  readonly shutdownDelay: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** `poolguard serve`: answers until SIGTERM or SIGINT, then stops without failing a call. */
export async function runServe(options: ServeOptions, io: Io): Promise<number> {
  const listen = endpoint(options.listen, '--listen')
  const adminListen = endpoint(options.adminListen, '--admin-listen')
  const { pathSecret, clientCa } = proofsOf(options, listen)
  const snapshot = loadPolicies(orDefault(options.policies))
  const tls = { ...(await certificatePair(options, io)), clientCa }
  let droppedLines = 0
  const log = createLogger({ level: options.logLevel, dropped: () => droppedLines++ })
  const world = serveWorld(snapshot, options, log)
  const metrics = metricsOf(world, snapshot.fingerprint, () => droppedLines)
  const findingEvents = isClusterWorld(world)
    ? tellOfFindings(world, { log, registry: metrics.registry })
    : undefined
  for (const doubt of policyDoubts(snapshot))
    log.warn({ doubt: policyDoubtWords(doubt) }, 'doubtful policies')
  const stopWarning = warnOfExpired(snapshot, log)
  try {
    const server = await startServer({
      answer: createAnswerReview(world.ports),
      faultAnswer,
      tls,
      pathSecret,
      listen,
      adminListen,
      ready: readinessOf(world, snapshot.fingerprint, () => systemClock().nowMs()),
      metrics,
      moreMetrics: capacityMetrics(() => capacitySteps(world.inventory, snapshot.plan)),
      log,
      shutdownDelayMs: options.shutdownDelay * 1000
    }).catch((error: unknown) => {
      throw new UnusableError(error instanceof Error ? error.message : 'cannot listen')
    })
    const isOpen = pathSecret === undefined && clientCa === undefined
    if (world.watcher === undefined && isOpen) io.stderr(nextCommand(server, options))
    await untilStopped(options, server, tls)
    return EXIT.ok
  } finally {
    // Watches and timers keep the process alive, also when it cannot listen.
    stopWarning()
    await findingEvents?.stop()
    await world.close()
  }
}

/** Serves, with the certificate as it is on disk, until SIGTERM or SIGINT; resolves when nothing is open any more. */
async function untilStopped(
  options: ServeOptions,
  server: RunningServer,
  tls: CertificatePair
): Promise<void> {
  const { tlsCert, tlsKey, certs } = options
  const files = { cert: tlsCert ?? join(certs, 'tls.crt'), key: tlsKey ?? join(certs, 'tls.key') }
  const stopPolling = pollCertificate(files, server, tls)
  await stopSignal()
  stopPolling()
  await server.stop()
}

function metricsOf(world: World, fingerprint: string, droppedLines: () => number): Metrics {
  const metrics = createMetrics({ kinds: KIND_NAMES, now: () => new Date(), droppedLines })
  addInventoryMetrics(
    metrics.registry,
    () => inventoryFacts(world),
    () => fingerprint
  )
  return metrics
}

function serveWorld(snapshot: ReturnType<typeof loadPolicies>, options: ServeOptions, log: Log): World {
  if (options.inventory.length > 0) return fileWorld(snapshot, options.inventory)
  return clusterWorld(snapshot, options.kubeconfig ?? 'in-cluster', ({ kind, state, lastError, objects }) => {
    const level = lastError === undefined ? 'info' : 'warn'
    log[level]({ kind, state, objects, ...(lastError === undefined ? {} : { error: lastError }) }, 'watch')
  })
}

/** How each watched kind stands, or how many objects the files held of each. */
function inventoryFacts({ watcher, inventory }: World): readonly InventoryFacts[] {
  if (watcher === undefined) {
    return KIND_NAMES.map(kind => {
      return { kind, objects: inventory.count(kind), state: 'synced', ageSeconds: undefined, restarts: 0 }
    })
  }
  return watcher.status().map(({ lastEventAgeMs, ...status }) => ({
    ...status,
    ageSeconds: lastEventAgeMs === undefined ? undefined : lastEventAgeMs / 1000
  }))
}

async function certificatePair(options: ServeOptions, io: Io): Promise<CertificatePair> {
  const { tlsCert, tlsKey } = options
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: readText(tlsCert), key: readText(tlsKey) }
  if (tlsCert !== undefined || tlsKey !== undefined) {
    throw new UnusableError('--tls-cert and --tls-key go together')
  }
  return certificatesIn(options.certs, options.tlsName ?? [], io)
}

/** How soon an exemption's end is told; it is not applied from that very moment. */
const EXPIRY_POLL_MS = 3_600_000

/** Warns once of each exemption that has expired, at the start and while it serves. Answers how to end it. */
function warnOfExpired({ exposures }: PolicySnapshot, log: Log): () => void {
  const told = new Set<DocumentError>()
  const look = () => {
    for (const error of expiredExemptions(exposures.policies, wallTimeMs())) {
      if (!told.has(error)) log.warn({ exemption: formatDocumentError(error) }, 'expired')
      told.add(error)
    }
  }
  look()
  const timer = setInterval(look, EXPIRY_POLL_MS)
  return () => clearInterval(timer)
}

/** `host:port`, with brackets around an IPv6 host. */
function endpoint(text: string, flag: string): Endpoint {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port > 65_535) {
    throw new UnusableError(`${flag} ${JSON.stringify(text)} is not host:port, such as 127.0.0.1:8443`)
  }
  return { host, port }
}

/** What to type next, for somebody who has just started it on files. */
function nextCommand(server: RunningServer, options: ServeOptions): string {
  const { host, port } = server.address
  const ca = options.tlsCert ?? `${options.certs}/ca.crt`
  return [
    '',
    `poolguard serves ${options.inventory.join(', ')} at https://${host}:${port}. In another terminal, try`,
    '',
    `    node dist/poolguard.js review --server https://${host}:${port} --ca ${ca} manifests/examples/review-overlap.json`,
    '',
    'which asks it about a pool that overlaps another one, and is refused. Ctrl-C stops it.',
    '',
    ''
  ].join('\n')
}

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once, as the default does. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    const signals = ['SIGTERM', 'SIGINT'] as const
    const stopped = () => {
      for (const signal of signals) process.off(signal, stopped)
      resolve()
    }
    for (const signal of signals) process.on(signal, stopped)
  })
}
