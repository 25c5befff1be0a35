import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { KIND_NAMES, KINDS } from '../../src/kinds/index.ts'
import { connect, type ApiServer } from '../../src/cluster/connect.ts'
import type { Clock } from '../../src/cluster/clock.ts'
import type { Timings } from '../../src/cluster/timings.ts'

/** Real time, no jitter: a wait is half to all of its step, and `random` 0 makes it the half. */
export const clock: Clock = {
  nowMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: () => 0
}

/** Everything as in production, only faster. */
export const FAST: Timings = {
  requestMs: 2000,
  watchOpenMs: 2000,
  idleMs: 2000,
  staleMs: 4000,
  watchSeconds: { min: 240, max: 300 },
  backoff: { minMs: 10, maxMs: 80 },
  healthyMs: 30,
  rediscoverMs: 60,
  absentConfirmMs: 30,
  forbiddenRetryMs: 60,
  pageSize: 500
}

/** One request as the fake server saw it. `nth` counts requests of the same sort from 1. */
export interface Call {
  /** `revision`: a list of one object of a kind, which asks for nothing but the revision of the storage. */
  readonly sort: 'discovery' | 'list' | 'revision' | 'watch' | 'object'
  readonly nth: number
  readonly atMs: number
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly socket: Socket
  readonly response: ServerResponse
  readonly body: () => Promise<string>
}

export type Script = { [Sort in Call['sort']]?: (call: Call) => unknown }

/** Speaks the part of the Kubernetes API that the client uses, as scripted; unscripted: everything served, nothing there. */
export class FakeApiServer {
  readonly calls: Call[] = []
  readonly sockets = new Set<Socket>()
  script: Script
  connections = 0
  private readonly server = createServer((request, response) => this.answer(request, response))

  constructor(script: Script = {}) {
    this.script = script
    this.server.keepAliveTimeout = 60_000
    this.server.on('connection', socket => {
      this.connections += 1
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  /** On a port of its own, or on the one it had before. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>(resolve => this.server.listen(port, '127.0.0.1', resolve))
    return this.port
  }

  get port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Drops every connection and listens no more. */
  async close(): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  of(sort: Call['sort']): readonly Call[] {
    return this.calls.filter(call => call.sort === sort)
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake')
    const sort = request.method === 'GET' ? sortOf(url) : 'object'
    const call: Call = {
      sort,
      nth: this.of(sort).length + 1,
      atMs: performance.now(),
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      socket: request.socket,
      response,
      body: async () => (await request.toArray()).join('')
    }
    this.calls.push(call)
    const scripted = this.script[sort] ?? UNSCRIPTED[sort]
    void scripted(call)
  }
}

function sortOf(url: URL): Call['sort'] {
  const parts = url.pathname.split('/').slice(url.pathname.startsWith('/api/') ? 3 : 4)
  const inside = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts
  if (inside.length === 0) return 'discovery'
  if (inside.length > 1) return 'object'
  if (url.searchParams.get('watch') === 'true') return 'watch'
  // other lists of one object, of namespaces, ask whether revisions compare
  return url.searchParams.get('limit') === '1' && inside[0] !== 'namespaces' ? 'revision' : 'list'
}

const UNSCRIPTED: Required<Script> = {
  discovery: call => sendJson(call, 200, resourceList(KIND_NAMES.map(kind => KINDS[kind].resource))),
  list: call => sendList(call, [], 100),
  // as though much were written elsewhere
  revision: call => sendList(call, [], 10 ** 18),
  watch: call => openWatch(call),
  object: call => sendStatus(call, 404, 'NotFound', { name: call.path.split('/').at(-1) })
}

export function resourceList(resources: readonly string[]): object {
  return { kind: 'APIResourceList', resources: resources.map(name => ({ name, verbs: ['list', 'watch'] })) }
}

export function sendJson(
  call: Call,
  status: number,
  json: unknown,
  headers: Record<string, string> = {}
): void {
  call.response.writeHead(status, { 'content-type': 'application/json', ...headers })
  call.response.end(JSON.stringify(json))
}

/** A Status object, as every refusal of the API server is. */
export function sendStatus(call: Call, code: number, reason: string, details: object = {}): void {
  sendJson(call, code, {
    kind: 'Status',
    status: 'Failure',
    code,
    reason,
    message: `fake ${reason}`,
    details
  })
}

/** One page; `next` is the continue token of the following one. */
export function sendList(call: Call, items: readonly object[], resourceVersion: number, next = ''): void {
  const metadata = { resourceVersion: String(resourceVersion), ...(next === '' ? {} : { continue: next }) }
  sendJson(call, 200, { kind: 'List', apiVersion: 'v1', metadata, items })
}

/** Sends the head of a watch and leaves it open. */
export function openWatch(call: Call): void {
  call.response.writeHead(200, { 'content-type': 'application/json' })
  call.response.flushHeaders()
}

export function sendEvent(call: Call, type: string, object: object): void {
  call.response.write(`${JSON.stringify({ type, object })}\n`)
}

export function pool(
  name: string,
  resourceVersion: number | bigint,
  addresses: unknown = ['192.168.1.100/32']
): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: 'metallb-system', resourceVersion: String(resourceVersion) },
    spec: { addresses }
  }
}

export function bookmark(resourceVersion: number): object {
  return { kind: 'IPAddressPool', metadata: { resourceVersion: String(resourceVersion) } }
}

/** A kubeconfig, in JSON (which is YAML), for a token user. */
export function kubeconfig(server: string, user: object = { token: 'secret' }, cluster: object = {}): string {
  return JSON.stringify({
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true, ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'here', context: { cluster: 'fake', user: 'me' } }],
    'current-context': 'here'
  })
}

/** What both test files need of tap's `t`. */
export interface Harness {
  testdir(files: Record<string, string>): string
  teardown(end: () => Promise<void> | void): void
}

/** A listening fake server and a client of it, both gone at the end of the test. */
export async function startFake(
  t: Harness,
  script: Script = {}
): Promise<{ fake: FakeApiServer; api: ApiServer }> {
  const fake = new FakeApiServer(script)
  const port = await fake.listen()
  const folder = t.testdir({ config: kubeconfig(`http://127.0.0.1:${port}`) })
  const api = connect({ kubeconfig: `${folder}/config`, clock })
  t.teardown(async () => {
    api.close()
    await fake.close()
  })
  return { fake, api }
}

/** Waits until `met`, and says by its error what never came. */
export async function until(met: () => boolean, what: string, timeoutMs = 3000): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!met()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`)
    await sleepMs(2)
  }
}

/** What the promise rejects with; fails when it resolves. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    value => {
      throw new Error(`resolved with ${JSON.stringify(value)}`)
    },
    (error: unknown) => error
  )
}

export function sleepMs(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}
