import { once } from 'node:events'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as tlsConnect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { test } from 'tap'
import type { Test } from 'tap'
import { DRAIN_TIMEOUT_MS, startServer } from '../../src/server/listen.ts'
import type { RunningServer, ServerOptions } from '../../src/server/listen.ts'
import { createLogger } from '../../src/server/logger.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import type { Metrics } from '../../src/server/metrics.ts'
import {
  admin,
  certificate,
  certificates,
  dial,
  dialWithoutTls,
  HEAD,
  metric,
  REVIEW,
  review,
  until,
  untilClosed
} from './callers.ts'
import { allow, faultAnswer, reviewOfBytes } from './fixtures.ts'

const MIB = 1024 * 1024
const unhandled: unknown[] = []
process.on('unhandledRejection', error => unhandled.push(error))
process.on('uncaughtExceptionMonitor', error => unhandled.push(error))

interface Started {
  readonly server: RunningServer
  readonly metrics: Metrics
}

/** A server on ports of the system's choice, stopped when the test ends. */
async function start(t: Test, options: Partial<ServerOptions> = {}): Promise<Started> {
  const metrics = createMetrics({ kinds: [], now: () => new Date() })
  const server = await startServer({
    answer: async (body, question) => allow(body, question),
    faultAnswer,
    tls: certificate,
    listen: { host: '127.0.0.1', port: 0 },
    adminListen: { host: '127.0.0.1', port: 0 },
    ready: () => [{ name: 'policy', ok: true, detail: 'generation 1' }],
    metrics,
    log: createLogger({ level: 'silent' }),
    shutdownDelayMs: 0,
    drainTimeoutMs: 500,
    ...options
  })
  t.teardown(() => server.stop())
  return { server, metrics }
}

const IN_FLIGHT = 'controller_runtime_webhook_requests_in_flight{webhook="/validate"}'

await test('startServer() serves 7 MiB, refuses one byte more and endless bodies, with flat memory', async t => {
  const { server } = await start(t)
  const startedMs = performance.now()
  t.equal((await review(server, { body: reviewOfBytes(7 * MIB) })).status, 200)
  t.ok(performance.now() - startedMs < 1_000, 'in less than a second')
  t.match(await review(server, { body: reviewOfBytes(7 * MIB + 1) }), { status: 413, connection: 'close' })

  const announced = await dial(server)
  announced.write(`${HEAD}Content-Length: ${7 * MIB + 1}\r\n\r\n`)
  t.match(String(await once(announced, 'data')), /^HTTP\/1\.1 413 /, 'before the first byte of it')
  for (let i = 0; i < 5; i++) {
    announced.write(Buffer.alloc(100_000, 'x'))
    await sleep(10)
  }
  t.notOk(
    announced.closed,
    'what a caller still sends does not reset the connection before it has read the answer'
  )
  announced.destroy()

  const rssBefore = process.memoryUsage().rss
  const socket = await dial(server)
  const closed = untilClosed(socket)
  socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')])
  let sent = 0
  const pump = (): void => {
    do sent += chunk.length
    while (!socket.destroyed && socket.write(chunk))
  }
  socket.on('drain', pump)
  pump()
  t.match(await closed, /^HTTP\/1\.1 413 .*"error":"the body is larger than 7340032 bytes"/s)
  t.ok(sent > 7 * MIB, `${Math.round(sent / MIB)} MiB were sent`)
  const grownMib = (process.memoryUsage().rss - rssBefore) / MIB
  t.ok(grownMib < 64, `memory grew by ${Math.round(grownMib)} MiB`)
})

await test('startServer() gives up on slow and broken requests, and good ones do not notice', async t => {
  const limits = { headersTimeoutMs: 300, requestTimeoutMs: 500, handshakeTimeoutMs: 400 }
  const { server, metrics } = await start(t, { limits })
  const slow = await Promise.all(Array.from({ length: 100 }, () => dial(server)))
  const closed = slow.map(untilClosed)
  for (const [i, socket] of slow.entries()) {
    if (i % 3 === 1) socket.write('POST /validate HTTP/1.1\r\nHos')
    if (i % 3 === 2) socket.write(`${HEAD}Content-Length: 1000\r\n\r\n{"a`)
  }
  const silent = untilClosed(dialWithoutTls(server))
  const startedMs = performance.now()
  t.equal((await review(server)).status, 200)
  t.ok(performance.now() - startedMs < 1_000, 'a good request among a hundred slow ones')
  for (const said of await Promise.all(closed)) t.match(said, /^(HTTP\/1\.1 408 |$)/)
  t.equal(await silent, '')
  t.ok(performance.now() - startedMs < 4_000, 'all of them are gone')

  const halfway = await dial(server)
  halfway.write(`${HEAD}Content-Length: 1000\r\n\r\n{"a`)
  t.ok(await until(async () => (await metric(metrics, IN_FLIGHT)) === 1))
  halfway.destroy()
  t.ok(
    await until(async () => (await metric(metrics, IN_FLIGHT)) === 0),
    'an aborted request is not in flight'
  )
  t.ok(
    (await metric(metrics, 'controller_runtime_webhook_requests_total{webhook="/validate",code="499"}')) >= 1
  )
  t.equal((await review(server)).status, 200)
  t.same(unhandled, [])
})

await test('startServer() survives callers that leave while their answer is made', async t => {
  let waiting: (() => void)[] = []
  const { server, metrics } = await start(t, {
    answer: (body, question) => new Promise(resolve => waiting.push(() => resolve(allow(body, question)))),
    limits: { reviewsInFlight: 5 }
  })
  const sockets = await Promise.all(Array.from({ length: 5 }, () => dial(server)))
  for (const socket of sockets) socket.write(`${HEAD}Content-Length: ${REVIEW.length}\r\n\r\n${REVIEW}`)
  t.ok(await until(async () => waiting.length === 5))
  t.equal((await review(server)).status, 503)
  for (const socket of sockets) socket.destroy()
  t.ok(await until(async () => (await metric(metrics, IN_FLIGHT)) === 0))
  for (const go of waiting) go()
  waiting = []
  const next = review(server)
  t.ok(await until(async () => waiting.length === 1))
  for (const go of waiting) go()
  t.equal((await next).status, 200, 'what they held was given back')
  t.same(unhandled, [])
})

await test('startServer() gives back at once what a refused body held', async t => {
  const { server } = await start(t, { limits: { bytesInFlight: 1_000 } })
  const body = reviewOfBytes(900)
  const open = async (): Promise<TLSSocket> => {
    const socket = await dial(server)
    socket.write(`${HEAD}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.slice(0, 400)}`)
    await sleep(50)
    return socket
  }
  const [first, second] = [await open(), await open()]
  const answer = untilClosed(first)
  second.write(body.slice(400, 700))
  t.match(String(await once(second, 'data')), /^HTTP\/1\.1 503 /, 'together they are too much')
  first.write(body.slice(400))
  t.match(await answer, /^HTTP\/1\.1 200 /, 'the other one need not go with it')
  second.destroy()
})

await test('startServer() refuses bytes that are no honest HTTP/1.1 request', async t => {
  const { server } = await start(t)
  const body = `${REVIEW}\r\n`
  const refused: Record<string, string> = {
    'two lengths': `${HEAD}Content-Length: 5\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'length and chunks': `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    'bare CR in a header': `${HEAD}X: a\rContent-Length: 5\r\n\r\n`,
    'space before the colon': `${HEAD}Content-Length : 5\r\n\r\nabcde`,
    'negative length': `${HEAD}Content-Length: -1\r\n\r\n`,
    'HTTP/2 by prior knowledge': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'headers of 1 MiB': `${HEAD}X: ${'a'.repeat(MIB)}\r\n\r\n`,
    garbage: '\u0000\u0001\u0002\r\n\r\n'
  }
  for (const [name, bytes] of Object.entries(refused)) {
    const socket = await dial(server)
    const closed = untilClosed(socket)
    socket.write(bytes)
    t.match(await closed, /^HTTP\/1\.1 (400|431) [^]*Connection: close[^]*"error"/i, name)
  }
  const plain = dialWithoutTls(server)
  plain.write(`${HEAD}\r\n`)
  t.notMatch(await untilClosed(plain), /HTTP/, 'no TLS, no answer')
  t.equal((await review(server)).status, 200)
})

await test('startServer() speaks TLS 1.3, and 1.2 with sound ciphers where it is allowed', async t => {
  const { server, metrics } = await start(t)
  const socket = await dial(server)
  t.equal(socket.getProtocol(), 'TLSv1.3')
  socket.destroy()
  for (const maxVersion of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const) {
    await t.rejects(
      dial(server, { maxVersion, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      maxVersion
    )
  }
  t.ok(await until(async () => (await metric(metrics, 'poolguard_tls_handshake_errors_total')) >= 1))
  for (const servername of ['', 'unknown.example']) {
    const foreign = await dial(server, { servername, rejectUnauthorized: false })
    t.ok(foreign.getPeerX509Certificate()?.checkHost('localhost'), `SNI ${servername}`)
    foreign.destroy()
  }
  const older = await start(t, { tls: { ...certificate, minVersion: 'TLSv1.2' } })
  const allowed = await dial(older.server, { maxVersion: 'TLSv1.2' })
  t.match(allowed.getCipher().name, /^ECDHE-.*GCM/)
  allowed.destroy()
  for (const ciphers of ['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'AES128-GCM-SHA256']) {
    await t.rejects(dial(older.server, { maxVersion: 'TLSv1.2', ciphers }), ciphers)
  }
  await t.rejects(
    dial(older.server, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
  )
  await t.rejects(
    start(t, { tls: { ...certificate, key: (await certificates()).key } }),
    /certificate cannot be served/
  )
})

await test('reload() changes the certificate under load, and keeps the old one when the new is bad', async t => {
  const { server, metrics } = await start(t)
  const old = await dial(server)
  const next = await Promise.all([certificates(), certificates()])
  let failed = 0
  let served = 0
  const over = new AbortController()
  const ca = [certificate, ...next].map(pair => pair.ca).join('')
  const caller = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await review(server, { ca }).then(
        ({ status }) => (status === 200 ? served++ : failed++),
        () => failed++
      )
    }
  }
  const callers = [caller(), caller(), caller()]
  for (let swaps = 0; swaps < 20; swaps++) {
    t.equal(server.reload(next[swaps % 2] ?? certificate), '')
    await sleep(10)
  }
  over.abort()
  await Promise.all(callers)
  t.equal(failed, 0, `of ${served} calls none failed`)
  old.write(`${HEAD}Content-Length: ${REVIEW.length}\r\nConnection: close\r\n\r\n${REVIEW}`)
  t.match(await untilClosed(old), /^HTTP\/1\.1 200 /, 'open connections go on')
  await t.rejects(review(server), 'the first CA is not enough any more')

  const current = next[1]
  for (const bad of [
    { cert: certificate.cert, key: current.key },
    { cert: '', key: '' },
    { cert: current.cert, key: 'x' }
  ]) {
    t.match(server.reload(bad), /./)
    t.equal((await review(server, { ca: current.ca })).status, 200)
  }
  t.equal(await metric(metrics, 'poolguard_certificate_reload_errors_total'), 3)
})

interface ClientPair {
  readonly cert: string
  readonly key: string
}

/** What an authority signs, for clients unless another use is given. */
type Sign = (use?: 'clientAuth' | 'serverAuth') => Promise<ClientPair>

async function authority(): Promise<{ readonly pem: string; readonly sign: Sign }> {
  const common = { algorithm: 'sha256', keyType: 'ec' } as const
  const ca = await generate([{ name: 'commonName', value: 'callers' }], {
    ...common,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }]
  })
  const sign: Sign = async (use = 'clientAuth') => {
    const leaf = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
      ...common,
      ca: { cert: ca.cert, key: ca.private },
      extensions: [{ name: 'extKeyUsage', [use]: true }]
    })
    return { cert: leaf.cert, key: leaf.private }
  }
  return { pem: ca.cert, sign }
}

/** One review on a connection of its own: its status, and the session to resume. */
async function ask(
  server: RunningServer,
  options: ConnectionOptions = {},
  path = '/validate'
): Promise<{ readonly status: number; readonly resumed: boolean; readonly session: Buffer | undefined }> {
  const socket = tlsConnect({ ...server.address, ca: certificate.ca, ...options })
  let session: Buffer | undefined
  socket.on('session', (ticket: Buffer) => (session = ticket))
  const said = untilClosed(socket)
  await once(socket, 'secureConnect')
  const resumed = socket.isSessionReused()
  const head = HEAD.replace('/validate', path)
  socket.write(`${head}Content-Length: ${REVIEW.length}\r\nConnection: close\r\n\r\n${REVIEW}`)
  return { status: Number((await said).slice(9, 12)), resumed, session }
}

await test('startServer() with a client CA answers whom it signed, and 403 to all others', async t => {
  const [callers, others] = await Promise.all([authority(), authority()])
  const { server, metrics } = await start(t, { tls: { ...certificate, clientCa: callers.pem } })
  const caller = await callers.sign()
  const first = await ask(server, caller)
  t.equal(first.status, 200)
  const strangers: readonly (readonly [string, ClientPair | undefined])[] = [
    ['no certificate', undefined],
    ["another CA's", await others.sign()],
    ['a server certificate of the same CA', await callers.sign('serverAuth')],
    ["the server's own", { cert: certificate.cert, key: certificate.key }]
  ]
  for (const [name, pair] of strangers) {
    const { status, session } = await ask(server, pair)
    t.equal(status, 403, name)
    if (session === undefined) t.fail('a session to resume was given')
    else t.match(await ask(server, { ...pair, session }), { status: 403, resumed: true }, `${name}, resumed`)
  }
  const again = await ask(server, { ...caller, ...(first.session && { session: first.session }) })
  t.match(again, { status: 200, resumed: true }, 'a resumed session of a proven caller is proven')
  t.equal((await ask(server, {}, '/nowhere')).status, 403)
  t.equal((await ask(server, caller, '/nowhere')).status, 404)
  t.equal(await metric(metrics, 'poolguard_unproven_requests_total'), 9)
  t.equal(server.reload({ cert: certificate.cert, key: certificate.key }), '')
  t.equal((await ask(server, caller)).status, 200, 'a renewed certificate changes nothing')
  t.equal((await ask(server)).status, 403)
})

await test('startServer() takes either proof when both are asked for, and logs no secret', async t => {
  const callers = await authority()
  const pathSecret = 'ab12'.repeat(16)
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const { server, metrics } = await start(t, {
    tls: { ...certificate, clientCa: callers.pem },
    pathSecret,
    log: createLogger({ level: 'debug', stream })
  })
  const caller = await callers.sign()
  const cases: readonly (readonly [ConnectionOptions, string, number])[] = [
    [caller, '/validate', 200],
    [{}, `/${pathSecret}/validate`, 200],
    [caller, `/${pathSecret}/validate`, 200],
    [{}, '/validate', 404],
    [{}, `/${pathSecret}0/validate`, 404],
    [caller, '/nowhere', 404],
    [{}, `/${pathSecret}/%zz`, 404]
  ]
  for (const [pair, path, status] of cases) t.equal((await ask(server, pair, path)).status, status, path)
  t.equal(await metric(metrics, 'poolguard_unproven_requests_total'), 2)
  t.ok(lines.length > 0)
  t.notMatch(lines.join(''), pathSecret)
  t.notMatch(await metrics.registry.metrics(), pathSecret)
})

await test('startServer() turns connections over by age', async t => {
  const { server } = await start(t, { limits: { connectionMaxAgeMs: 60 } })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.equal((await review(server, { agent })).connection, 'keep-alive')
  await sleep(80)
  t.equal((await review(server, { agent })).connection, 'close')
  t.equal((await review(server, { agent })).connection, 'keep-alive', 'on a new one')
  agent.destroy()
})

await test('stop() fails no call while callers follow readiness', async t => {
  const replicas = await Promise.all([start(t, { shutdownDelayMs: 600 }), start(t)])
  const [leaving] = replicas
  const agents = new Map(replicas.map(replica => [replica, new Agent({ keepAlive: true })]))
  let ready = [...replicas]
  const over = new AbortController()
  let served = 0
  const failures: unknown[] = []
  t.teardown(() => over.abort())
  const endpoints = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const up = await Promise.all(
        replicas.map(({ server }) => admin(server, '/readyz').catch(() => ({ status: 0 })))
      )
      ready = replicas.filter((_replica, i) => up[i]?.status === 200)
      await sleep(20)
    }
  }
  const caller = async (number: number): Promise<void> => {
    for (let turn = number; !over.signal.aborted; turn++) {
      const replica = ready[turn % ready.length]
      const agent = replica && agents.get(replica)
      if (replica === undefined || agent === undefined) continue
      await review(replica.server, { agent }).then(
        ({ status }) => (status === 200 ? served++ : failures.push(status)),
        error => failures.push(error)
      )
    }
  }
  const busy = [endpoints(), ...[0, 1, 2, 3].map(caller)]
  await sleep(100)
  const stopping = leaving.server.stop()
  const [readiness, liveness, answer] = await Promise.all([
    admin(leaving.server, '/readyz'),
    admin(leaving.server, '/healthz'),
    review(leaving.server)
  ])
  t.match(readiness, { status: 503, body: /\[-\]shutdown stopping/ }, 'unready at once')
  t.equal(liveness.status, 200, 'and alive')
  t.match(answer, { status: 200, connection: 'close' }, 'and serving')
  await stopping
  await sleep(50)
  over.abort()
  await Promise.all(busy)
  for (const agent of agents.values()) agent.destroy()
  t.same(failures, [], `of ${served} calls none failed`)
  await t.rejects(review(leaving.server), { code: 'ECONNREFUSED' })
})

await test('stop() waits for answers under way and not for ever for the rest', async t => {
  const { server } = await start(t, {
    drainTimeoutMs: 300,
    answer: async (body, question) => {
      await sleep(150)
      return allow(body, question)
    }
  })
  const agent = new Agent({ keepAlive: true })
  const mute = [dialWithoutTls(server), await dial(server)].map(untilClosed)
  const slow = review(server, { agent })
  const halfway = await dial(server)
  halfway.write(HEAD)
  const late = untilClosed(halfway)
  await sleep(50)
  const startedMs = performance.now()
  const stopping = [server.stop(), server.stop()]
  await sleep(30)
  halfway.write(`Content-Length: ${REVIEW.length}\r\n\r\n${REVIEW}`)
  await Promise.all(stopping)
  t.match(await late, /^HTTP\/1\.1 200 /, 'what began before the stop is answered')
  t.match(await slow, { status: 200, connection: 'close' })
  const tookMs = performance.now() - startedMs
  t.ok(tookMs < 1_500, `stopped after ${tookMs} ms although two sockets never spoke`)
  t.same(await Promise.all(mute), ['', ''])
  agent.destroy()
  t.same(unhandled, [])
})

await test('a stop waits as long as an API server does for an answer, and no longer', async t => {
  const over = new AbortController()
  const { server } = await start(t, {
    drainTimeoutMs: undefined,
    answer: (body, question) => sleep(60_000, allow(body, question), { signal: over.signal })
  })
  const unanswered = review(server).catch((error: unknown) => error)
  await sleep(50)
  const startedMs = performance.now()
  await server.stop()
  const tookMs = performance.now() - startedMs
  t.ok(tookMs >= DRAIN_TIMEOUT_MS - 100 && tookMs < DRAIN_TIMEOUT_MS + 2_500, `${tookMs} ms`)
  t.type(await unanswered, Error)
  over.abort()
})

await test('startServer() reports what is in its way', async t => {
  const { server } = await start(t)
  t.match(await admin(server, '/readyz?verbose'), {
    status: 200,
    body: /^\[\+\]shutdown not stopping\n\[\+\]listener serves its certificate\n\[\+\]certificate valid until .*\n\[\+\]policy generation 1\nok\n$/
  })
  await t.rejects(start(t, { listen: server.address }), { code: 'EADDRINUSE' })
  await t.rejects(start(t, { adminListen: server.adminAddress }), { code: 'EADDRINUSE' })
})
