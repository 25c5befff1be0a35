import { join } from 'node:path'
import { createAnswerReview, faultAnswer } from '../admission/answer-review.ts'
import { policyDoubts } from '../admission/policy-doubts.ts'
import type { Ports } from '../admission/ports.ts'
import { policyDoubtWords } from '../admission/wording/policy-doubt.ts'
import { KIND_NAMES } from '../kinds/index.ts'
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
import { startLedger, type RunningLedger } from './ledger.ts'
import { orDefault, requiredDigest } from './policies.ts'
import { readinessOf } from './readiness.ts'
import { followPolicies, warnOfExpired } from './reload/follow-policies.ts'
import { PoliciesInForce } from './reload/policies-in-force.ts'
import type { FollowerTimings } from './reload/policy-follower.ts'
import { readAtStart, readPolicies } from './reload/reading.ts'
import { clusterWorld, fileWorld, isClusterWorld, type World, type WorldOptions } from './world.ts'

export interface ServeOptions extends WorldOptions, ProofOptions {
  readonly listen: string
  readonly adminListen: string
  readonly certs: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsName?: readonly string[]
  /** The namespace of its ConfigMap; absent: writes at once are not kept apart. */
  readonly ledger?: string
  readonly shutdownDelay: number
  /** `sha256:` and 64 hex digits; absent: whatever the policies are. */
  readonly requireDigest?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** `poolguard serve`: answers until SIGTERM or SIGINT, then stops without failing a call. */
export async function runServe(options: ServeOptions, io: Io): Promise<number> {
  const serving = await startServing(options, io)
  await stopSignal()
  await serving.stop()
  return EXIT.ok
}

export interface Serving {
  readonly server: RunningServer
  readonly policies: PoliciesInForce
  /** Resolves when nothing is open any more. */
  stop(): Promise<void>
}

/** Serves, with policies and certificate as they are on disk. Throws UnusableError when it cannot start. */
export async function startServing(
  options: ServeOptions,
  io: Io,
  timings?: Partial<FollowerTimings>
): Promise<Serving> {
  const listen = endpoint(options.listen, '--listen')
  const adminListen = endpoint(options.adminListen, '--admin-listen')
  const { pathSecret, clientCa } = proofsOf(options, listen)
  const isOpen = pathSecret === undefined && clientCa === undefined
  requireLedgerUsable(options, isOpen)
  const paths = orDefault(options.policies)
  const first = readAtStart(() => readPolicies(paths))
  const required = requiredDigest(options.requireDigest)
  const policies = new PoliciesInForce(first, { required, now: wallTimeMs })
  const tls = { ...(await certificatePair(options, io)), clientCa }
  let droppedLines = 0
  const log = createLogger({ level: options.logLevel, dropped: () => droppedLines++ })
  const world = serveWorld(() => policies.snapshot(), options, log)
  const metrics = createMetrics({
    kinds: KIND_NAMES,
    now: () => new Date(),
    droppedLines: () => droppedLines
  })
  addInventoryMetrics(metrics.registry, () => inventoryFacts(world))
  const { registry } = metrics
  const own =
    options.ledger === undefined
      ? undefined
      : { namespace: options.ledger, notTaken: () => policies.notTaken() }
  const findingEvents = isClusterWorld(world)
    ? tellOfFindings(world, { log, registry, policies: own })
    : undefined
  const ledger = ledgerOf(world, options, { log, registry })
  const clock = systemClock()
  const expired = warnOfExpired(policies, { log, clock, now: wallTimeMs })
  const told = tellOfDoubts(policies, log)
  const changed = () => {
    expired.look()
    told()
    findingEvents?.policiesChanged()
  }
  const rejected = () => findingEvents?.policiesChanged()
  const following = { paths, first, policies, clock, log, registry, changed, rejected, timings }
  const stopFollowing = followPolicies(following)
  const close = async () => {
    // Watches and timers keep the process alive, also when it cannot listen.
    stopFollowing()
    expired.stop()
    await findingEvents?.stop()
    await ledger?.stop()
    await world.close()
  }
  const server = await startServer({
    answer: createAnswerReview(ledger === undefined ? world.ports : { ...world.ports, ledger: ledger.guard }),
    faultAnswer,
    tls,
    pathSecret,
    listen,
    adminListen,
    ready: readinessOf(
      world,
      () => [...policies.checks(), ...(ledger?.checks() ?? [])],
      () => clock.nowMs()
    ),
    metrics,
    moreMetrics: capacityMetrics(() => capacitySteps(world.inventory, policies.snapshot().plan)),
    log,
    shutdownDelayMs: options.shutdownDelay * 1000
  }).catch(async (error: unknown) => {
    await close()
    throw new UnusableError(error instanceof Error ? error.message : 'cannot listen')
  })
  const stopPolling = pollCertificate(certificateFiles(options), server, tls)
  if (world.watcher === undefined && isOpen) io.stderr(nextCommand(server, options))
  return {
    server,
    policies,
    async stop() {
      stopPolling()
      await server.stop()
      await close()
    }
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

function serveWorld(snapshot: Ports['snapshot'], options: ServeOptions, log: Log): World {
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

/** Where a certificate that replaces the one in use is looked for. */
function certificateFiles({ tlsCert, tlsKey, certs }: ServeOptions): {
  readonly cert: string
  readonly key: string
} {
  return { cert: tlsCert ?? join(certs, 'tls.crt'), key: tlsKey ?? join(certs, 'tls.key') }
}

/** Warns of policies by which hardly anything is left to guard, or nobody administers; answers how to look again. */
function tellOfDoubts(policies: PoliciesInForce, log: Log): () => void {
  const look = () => {
    for (const doubt of policyDoubts(policies.snapshot()))
      log.warn({ doubt: policyDoubtWords(doubt) }, 'doubtful policies')
  }
  look()
  return look
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
