import { join } from 'node:path'
import { createAnswerReview, faultAnswer } from '../admission/answer-review.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
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
import type { ReadinessCheck } from '../server/admin-app.ts'
import { certificatesIn } from './certificates.ts'
import { wallTimeMs } from './clock.ts'
import { readText, tryReadText } from './files.ts'
import { proofsOf, type ProofOptions } from './install/proofs.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { tellOfFindings } from './finding-events.ts'
import { startLedger, type RunningLedger } from './ledger.ts'
import { loadPolicies, orDefault } from './policies.ts'
import { clusterWorld, fileWorld, isClusterWorld, type World, type WorldOptions } from './world.ts'

export interface ServeOptions extends WorldOptions, ProofOptions {
  readonly listen: string
  readonly adminListen: string
  readonly certs: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsName?: readonly string[]
  readonly ledger?: string
  readonly shutdownDelay: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** `poolguard serve`: answers until SIGTERM or SIGINT, then stops without failing a call. */
export async function runServe(options: ServeOptions, io: Io): Promise<number> {
  const listen = endpoint(options.listen, '--listen')
  const adminListen = endpoint(options.adminListen, '--admin-listen')
  const { pathSecret, clientCa } = proofsOf(options, listen)
  const isOpen = pathSecret === undefined && clientCa === undefined
  requireLedgerUsable(options, isOpen)
  const snapshot = loadPolicies(orDefault(options.policies))
  const tls = { ...(await certificatePair(options, io)), clientCa }
  const log = createLogger({ level: options.logLevel })
  const world = serveWorld(snapshot, options, log)
  const metrics = metricsOf(world, snapshot.fingerprint)
  const findingEvents = isClusterWorld(world)
    ? tellOfFindings(world, { log, registry: metrics.registry })
    : undefined
  const ledger = ledgerOf(world, options, { log, registry: metrics.registry })
  const stopWarning = warnOfExpired(snapshot, log)
  try {
    const server = await startServer({
      answer: createAnswerReview(
        ledger === undefined ? world.ports : { ...world.ports, ledger: ledger.guard }
      ),
      faultAnswer,
      tls,
      pathSecret,
      listen,
      adminListen,
      ready: readinessOf(world, snapshot.fingerprint),
      metrics,
      moreMetrics: capacityMetrics(() => capacitySteps(world.inventory, snapshot.plan)),
      log,
      shutdownDelayMs: options.shutdownDelay * 1000
    }).catch((error: unknown) => {
      throw new UnusableError(error instanceof Error ? error.message : 'cannot listen')
    })
    if (world.watcher === undefined && isOpen) io.stderr(nextCommand(server, options))
    await untilStopped(options, server, tls)
    return EXIT.ok
  } finally {
    // Watches and timers keep the process alive, also when it cannot listen.
    stopWarning()
    await findingEvents?.stop()
    await ledger?.stop()
    await world.close()
  }
}

/** Claims are made for callers alone that prove to be an API server: a forged review would reserve addresses. */
function requireLedgerUsable({ ledger, inventory }: ServeOptions, isOpen: boolean): void {
  if (ledger === undefined) return
  if (inventory.length > 0) throw new UnusableError('--ledger is in a cluster; it cannot go with --inventory')
  if (!isOpen) return
  throw new UnusableError(
    '--ledger takes callers that prove to be an API server: add --path-secret-file FILE or --client-ca FILE'
  )
}

/** undefined without --ledger; where there is a cluster, the log says what that means. */
function ledgerOf(
  world: World,
  { ledger }: ServeOptions,
  to: { readonly log: Log; readonly registry: Metrics['registry'] }
): RunningLedger | undefined {
  if (!isClusterWorld(world)) return undefined
  if (ledger !== undefined) return startLedger(world, ledger, to)
  to.log.warn({}, 'no --ledger: two writes at once may take the same addresses')
  return undefined
}

/** Serves, with the certificate as it is on disk, until SIGTERM or SIGINT; resolves when nothing is open any more. */
async function untilStopped(
  options: ServeOptions,
  server: RunningServer,
  tls: CertificatePair
): Promise<void> {
  const stopPolling = pollCertificate(options, server, tls)
  await stopSignal()
  stopPolling()
  await server.stop()
}

function metricsOf(world: World, fingerprint: string): Metrics {
  const metrics = createMetrics({ kinds: KIND_NAMES, now: () => new Date() })
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

/**
 * One check for the policies, one for the first sync (afterwards a kind that fails closes only the writes that need it),
 * and how each watched kind stands, which fails none of them.
 */
function readinessOf({ watcher }: World, fingerprint: string): () => readonly ReadinessCheck[] {
  let isSettled = watcher === undefined
  void watcher?.synced().then(isSynced => (isSettled = isSynced))
  const policies = { name: 'policies', ok: true, detail: fingerprint }
  return () => {
    const sync = { name: 'inventory', ok: isSettled, detail: isSettled ? 'read once' : 'not read yet' }
    const kinds = (watcher?.status() ?? []).map(({ kind, state, objects, lastError }) => ({
      name: `inventory/${kind}`,
      ok: true,
      detail: `${state}, ${objects} objects${lastError === undefined ? '' : `, ${lastError}`}`
    }))
    return [policies, sync, ...kinds]
  }
}

async function certificatePair(options: ServeOptions, io: Io): Promise<CertificatePair> {
  const { tlsCert, tlsKey } = options
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: readText(tlsCert), key: readText(tlsKey) }
  if (tlsCert !== undefined || tlsKey !== undefined) {
    throw new UnusableError('--tls-cert and --tls-key go together')
  }
  return certificatesIn(options.certs, options.tlsName ?? [], io)
}

/** How soon a renewed certificate is served; a Secret that is mounted takes the kubelet about as long. */
const CERTIFICATE_POLL_MS = 30_000

/**
 * Serves a certificate that was replaced on disk, by looking rather than watching: a mounted Secret is swapped by a
 * symbolic link, which file watches lose. A pair that cannot be read or served leaves the old one. Answers how to end it.
 */
function pollCertificate(options: ServeOptions, server: RunningServer, served: CertificatePair): () => void {
  let current = served
  const { tlsCert, tlsKey, certs } = options
  const timer = setInterval(() => {
    const cert = tryReadText(tlsCert ?? join(certs, 'tls.crt'))
    const key = tryReadText(tlsKey ?? join(certs, 'tls.key'))
    if (cert === undefined || key === undefined || (cert === current.cert && key === current.key)) return
    current = { cert, key }
    server.reload(current)
  }, CERTIFICATE_POLL_MS)
  return () => clearInterval(timer)
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
