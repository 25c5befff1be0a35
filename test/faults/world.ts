import { request as httpsRequest } from 'node:https'
import type { Agent } from 'node:https'
import type { Test } from 'tap'
import { createAnswerReview, faultAnswer } from '../../src/admission/answer-review.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { watchedKinds } from '../../src/cli/install/rbac.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { readinessOf } from '../../src/cli/readiness.ts'
import { connect, type ApiServer } from '../../src/cluster/connect.ts'
import { liveReader } from '../../src/cluster/live-reader.ts'
import type { Timings } from '../../src/cluster/timings.ts'
import { startWatching, type Watcher } from '../../src/cluster/watcher.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import type { KindName } from '../../src/kinds/index.ts'
import { RULES } from '../../src/rules/index.ts'
import { startServer, type RunningServer, type ServerOptions } from '../../src/server/listen.ts'
import { createLogger } from '../../src/server/logger.ts'
import { createMetrics, type Metrics } from '../../src/server/metrics.ts'
import {
  clock,
  FAST,
  kubeconfig,
  sendJson,
  sendList,
  sendStatus,
  startFake,
  type Call,
  type FakeApiServer,
  type Script
} from '../cluster-client/fake-api-server.ts'
import { admin, certificate, metric } from '../server/callers.ts'
import { claimsThatStay, type LedgerPart } from './ledger-part.ts'
import { promises, type Guarded } from './promises.ts'
import { STORED } from './reviews.ts'
import { ledgerOf, type Replica } from './world-ledger.ts'

/** poolguard as `serve` composes it, in this process, on a scripted API server, with everything faster. */
export interface World extends Guarded {
  readonly fake: FakeApiServer
  readonly server: RunningServer
  readonly metrics: Metrics
  readonly watcher: Watcher
  readonly inventory: Inventory
  readonly ports: Ports
  readonly ledger: LedgerPart
  /** What the API server stores, by resource; scripts that say nothing of it list and read this. */
  readonly stored: Map<string, readonly object[]>
  /** How a kind stands. */
  readonly state: (kind: KindName) => string
  readonly ready: (path?: string) => Promise<{ readonly status: number; readonly body: string }>
  readonly metric: (name: string) => Promise<number>
}

export interface WorldSetup {
  readonly script?: Script
  readonly timings?: Partial<Timings>
  readonly server?: Partial<ServerOptions>
  /** Called before each review is answered; may throw, or take its time. */
  readonly meddle?: (body: unknown) => void
  /** Callers do not care whose certificate it is, nor whether it has expired. */
  readonly trustsAnything?: boolean
  /** Waits for the first list of every kind unless false. */
  readonly synced?: boolean
  /** One of several replicas on this API server, with the ledger that is there. */
  readonly replica?: Replica
}

/** What `serve` follows. */
const FOLLOWED = watchedKinds(RULES)

const snapshot = loadPolicies(['policies'])

export async function startWorld(t: Test, setup: WorldSetup = {}): Promise<World> {
  const stored = new Map<string, readonly object[]>([['ipaddresspools', STORED]])
  const { fake, api } = await apiServerOf(t, { ...storedScript(stored), ...setup.script }, setup.replica)
  const inventory = new Inventory()
  const timings = { ...FAST, ...setup.timings }
  const watcher = startWatching({ api, inventory, clock, kinds: FOLLOWED, timings, log: () => {} })
  t.teardown(() => watcher.stop())
  const read = liveReader({ api, watcher, clock })
  const ports: Ports = {
    snapshot: () => snapshot,
    view: inventory,
    confirm: async refs => (await read(refs)).map(({ ref }) => ref),
    now: () => Date.now()
  }
  const { ledger, ledgerText } = await ledgerOf({ api, inventory, watcher, read }, setup.replica)
  const answer = createAnswerReview({ ...ports, ledger: ledger.guard })
  const metrics = createMetrics({ kinds: FOLLOWED, now: () => new Date() })
  const server = await startServer({
    answer: async (body, question) => {
      setup.meddle?.(body)
      return answer(body, question)
    },
    faultAnswer,
    tls: certificate,
    listen: { host: '127.0.0.1', port: 0 },
    adminListen: { host: '127.0.0.1', port: 0 },
    ready: readinessOf(
      { watcher },
      () => [{ name: 'policies', ok: true, detail: snapshot.digest }],
      () => clock.nowMs()
    ),
    metrics,
    log: createLogger({ level: 'silent' }),
    shutdownDelayMs: 0,
    drainTimeoutMs: 500,
    ...setup.server
  })
  t.teardown(() => server.stop())
  if (setup.synced !== false) await watcher.synced()
  return {
    fake,
    server,
    metrics,
    watcher,
    inventory,
    ports,
    ledger,
    stored,
    state: kind => watcher.status().find(status => status.kind === kind)?.state ?? '',
    ready: (path = '/readyz') => admin(server, path),
    metric: name => metric(metrics, name),
    ask: body => ask(server, body, { verifies: setup.trustsAnything !== true }),
    health: async () => (await admin(server, '/healthz').catch(() => ({ status: 0 }))).status,
    permanentClaims: () => claimsThatStay(ledgerText())
  }
}

/** The API server of its own that the script makes, or the one that replicas share. */
async function apiServerOf(
  t: Test,
  script: Script,
  replica: Replica | undefined
): Promise<{ readonly fake: FakeApiServer; readonly api: ApiServer }> {
  if (replica === undefined) return startFake(t, script)
  const { on, token } = replica
  const folder = t.testdir({ config: kubeconfig(`http://127.0.0.1:${on.fake.port}`, { token }) })
  const api = connect({ kubeconfig: `${folder}/config`, clock })
  t.teardown(() => api.close())
  return { fake: on.fake, api }
}

/** Lists and reads what is stored, by resource. */
export function storedScript(stored: ReadonlyMap<string, readonly object[]>): Script {
  return {
    list: call => sendList(call, stored.get(lastPart(call)) ?? [], 100),
    object(call) {
      const [resource = '', name = ''] = call.path.split('/').slice(-2)
      const found = (stored.get(resource) ?? []).find(object => nameOf(object) === name)
      if (found === undefined) sendStatus(call, 404, 'NotFound', { name })
      else sendJson(call, 200, found)
    }
  }
}

export function lastPart({ path }: Call): string {
  return path.split('/').at(-1) ?? ''
}

export function nameOf(object: object): unknown {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  return isRecord(metadata) ? metadata['name'] : undefined
}

/** One review, as the API server sends it. Rejects when the connection breaks before the answer. */
export function ask(
  server: Pick<RunningServer, 'address'>,
  body: string | Buffer,
  options: {
    readonly agent?: Agent
    readonly path?: string
    readonly ca?: string
    readonly type?: string
    /** False: any certificate will do. */
    readonly verifies?: boolean
  } = {}
): Promise<{ readonly status: number; readonly body: string }> {
  const {
    agent,
    path = '/validate?timeout=5s',
    ca = certificate.ca,
    type = 'application/json',
    verifies = true
  } = options
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) }
    const target = {
      ...server.address,
      path,
      method: 'POST',
      headers,
      agent: agent ?? false,
      ca,
      rejectUnauthorized: verifies
    }
    const sent = httpsRequest(target, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A fault: what is done, and how it ends. */
export interface Fault extends WorldSetup {
  /** Brings the fault about and asserts what this row promises beyond P1 to P5; the fault still lies when it resolves. */
  readonly inject: (t: Test, world: World) => Promise<void>
  /** Ends the fault, and asserts that everything is well again; absent where there is nothing to end. */
  readonly recover?: (t: Test, world: World) => Promise<void>
}

/** The body of a row's test: P1 to P5 are asked while the fault lies, and after it. */
export function row(fault: Fault): (t: Test) => Promise<void> {
  return async t => {
    const world = await startWorld(t, fault)
    await fault.inject(t, world)
    await promises(t, world, 'while it lasts')
    if (fault.recover === undefined) return
    await fault.recover(t, world)
    await promises(t, world, 'afterwards')
  }
}
