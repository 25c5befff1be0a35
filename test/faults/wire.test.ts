import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as tlsConnect } from 'node:tls'
import { test, type Test } from 'tap'
import { isRecord } from '../../src/kinds/decode.ts'
import { dial, dialWithoutTls, HEAD, until, untilClosed } from '../server/callers.ts'
import { reviewOfBytes } from '../server/fixtures.ts'
import { isAllowed } from './promises.ts'
import { GROWS_BADLY, GROWS_WELL, pool, poolReview, reviewOf, type Write } from './reviews.ts'
import { ask, row, type World } from './world.ts'

const MIB = 1024 * 1024
const IN_FLIGHT = 'controller_runtime_webhook_requests_in_flight{webhook="/validate"}'

/** A CREATE of a pool with these entries. */
function poolOf(addresses: readonly unknown[], metadata: object = {}): string {
  return poolReview({ operation: 'CREATE', object: pool('pool-c', addresses, metadata) }, 'pool-c')
}

/** The message of a denial; '' when it was allowed, the whole text when there was no AdmissionReview. */
async function messageOf(world: World, body: string): Promise<string> {
  const answer = await world.ask(body)
  const json: unknown = JSON.parse(answer.body)
  const response = isRecord(json) ? json['response'] : undefined
  if (!isRecord(response)) return answer.body
  const status = isRecord(response['status']) ? response['status'] : {}
  const { message } = status
  return typeof message === 'string' ? message : ''
}

await test(
  'row 15: bytes that are no JSON object get 400, and are never repeated',
  row({
    async inject(t, { server }) {
      const bodies: readonly (string | Buffer)[] = [
        '',
        'null',
        '[]',
        '7',
        '"secret"',
        '{secret',
        `${GROWS_WELL}secret`,
        Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(GROWS_WELL)]),
        Buffer.from(GROWS_WELL, 'utf16le')
      ]
      for (const body of bodies) {
        const answer = await ask(server, body)
        t.equal(answer.status, 400, String(body).slice(0, 20))
        t.notMatch(answer.body, /secret|\bat |node:/)
      }
    }
  })
)

await test(
  'row 16: JSON that is no AdmissionReview of v1 gets 400 with the reason',
  row({
    async inject(t, { server }) {
      const cases: readonly (readonly [string, RegExp])[] = [
        ['{}', /kind is not AdmissionReview/],
        [GROWS_WELL.replace('"AdmissionReview"', '"Pod"'), /kind is not AdmissionReview/],
        [GROWS_WELL.replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'), /apiVersion is not/],
        [GROWS_WELL.replace('admission.k8s.io/v1', 'admission.k8s.io/v2'), /apiVersion is not/],
        [GROWS_WELL.replace('"request"', '"other"'), /request is missing/],
        [GROWS_WELL.replace('"uid":"uid-of-CREATE-pool-c"', '"uid":7'), /uid is missing/]
      ]
      for (const [body, reason] of cases) t.match(await ask(server, body), { status: 400, body: reason })
    }
  })
)

await test(
  'row 17: a body above 7 MiB, and one without an end, get 413',
  row({
    async inject(t, { server }) {
      t.equal((await ask(server, reviewOfBytes(7 * MIB + 1)).catch(() => ({ status: 413 }))).status, 413)
      const endless = await dial(server)
      const closed = untilClosed(endless)
      endless.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')])
      const pump = (): void => {
        while (!endless.destroyed && endless.write(chunk));
      }
      endless.on('drain', pump)
      pump()
      t.match(await closed, /^HTTP\/1\.1 413 /)
    }
  })
)

await test(
  'row 18: a legal review of 6.5 MiB is judged within a second, and others are answered meanwhile',
  row({
    async inject(t, world) {
      const bulk = { annotations: { note: 'x'.repeat(3.2 * MIB) } }
      const addresses = ['192.168.1.210-192.168.1.220']
      const object = pool('old-a', ['192.168.1.150-192.168.1.160'], bulk)
      const body = poolReview(
        { operation: 'UPDATE', object, oldObject: pool('old-a', addresses, bulk) },
        'old-a'
      )
      t.ok(body.length > 6.3 * MIB)
      const startedMs = performance.now()
      const [large, small] = await Promise.all([world.ask(body), world.ask(GROWS_WELL)])
      const tookMs = performance.now() - startedMs
      t.ok(tookMs < 1_000, 'within a second', { tookMs })
      t.notOk(isAllowed(large.body))
      t.ok(isAllowed(small.body))
    }
  })
)

await test(
  'row 19: what is not declared as JSON gets 415',
  row({
    async inject(t, { server }) {
      for (const type of ['text/plain', 'application/yaml', '', 'application/json; charset=utf-16']) {
        t.equal((await ask(server, GROWS_WELL, { type })).status, 415, type)
      }
      t.equal((await ask(server, GROWS_WELL, { type: 'application/json; charset=utf-8' })).status, 200)
    }
  })
)

await test(
  'row 20: an encoded body gets 415 and is not unpacked',
  row({
    async inject(t, { server }) {
      const bomb = gzipSync(Buffer.alloc(64 * MIB))
      const before = process.memoryUsage().rss
      for (const encoding of ['gzip', 'deflate', 'br']) {
        const socket = await dial(server)
        const closed = untilClosed(socket)
        socket.write(
          `${HEAD}Content-Encoding: ${encoding}\r\nContent-Length: ${bomb.length}\r\nConnection: close\r\n\r\n`
        )
        socket.write(bomb)
        t.match(await closed, /^HTTP\/1\.1 415 /, encoding)
      }
      t.ok(process.memoryUsage().rss - before < 64 * MIB)
    }
  })
)

await test(
  'row 21: senders that crawl and readers that do not read cost nobody else anything',
  row({
    server: { limits: { headersTimeoutMs: 600, requestTimeoutMs: 1_000, inactivityTimeoutMs: 1_500 } },
    async inject(t, world) {
      const slow = await Promise.all(Array.from({ length: 60 }, () => dial(world.server)))
      const closed = slow.map(untilClosed)
      for (const [i, socket] of slow.entries()) {
        if (i % 3 === 0) socket.write('POST /validate HTTP/1.1\r\nHos')
        if (i % 3 === 1) socket.write(`${HEAD}Content-Length: 1000\r\n\r\n{"a`)
      }
      const unread = await dial(world.server)
      unread.pause()
      unread.write(`${HEAD}Content-Length: ${GROWS_WELL.length}\r\n\r\n${GROWS_WELL}`)
      const startedMs = performance.now()
      t.ok(isAllowed((await world.ask(GROWS_WELL)).body))
      t.ok(performance.now() - startedMs < 1_000)
      await Promise.all(closed)
      t.ok(performance.now() - startedMs < 6_000, 'all of them are gone')
      t.ok(await until(async () => (await world.metric(IN_FLIGHT)) === 0))
      unread.destroy()
    }
  })
)

await test(
  'row 22: requests that two parsers could read differently are refused and the connection closed',
  row({
    async inject(t, { server }) {
      const smuggled = `POST /validate HTTP/1.1\r\nHost: x\r\n\r\n`
      const refused: Record<string, string> = {
        'two lengths': `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${smuggled}`,
        'length and chunks': `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
        'a bare CR in a header': `${HEAD}X: a\rContent-Length: 5\r\n\r\n`,
        'headers of 1 MiB': `${HEAD}X: ${'a'.repeat(MIB)}\r\n\r\n`
      }
      for (const [name, bytes] of Object.entries(refused)) {
        const socket = await dial(server)
        const closed = untilClosed(socket)
        socket.write(bytes)
        const said = await closed
        t.match(said, /^HTTP\/1\.1 (400|431) /, name)
        t.equal(said.match(/HTTP\/1\.1 \d/g)?.length, 1, `${name}: nothing behind it is answered`)
      }
      const pipelined = await dial(server)
      const said = untilClosed(pipelined)
      const one = `${HEAD}Content-Length: ${GROWS_BADLY.length}\r\n`
      pipelined.write(`${one}\r\n${GROWS_BADLY}${one}Connection: close\r\n\r\n${GROWS_BADLY}`)
      t.equal((await said).split('"allowed":false').length, 3, 'honest ones in a row are answered each')
    }
  })
)

await test(
  'row 23: what speaks no TLS 1.3 with HTTP/1.1 is turned away, whatever name it asks for',
  row({
    async inject(t, { server }) {
      for (const maxVersion of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const) {
        await t.rejects(
          dial(server, { maxVersion, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
          maxVersion
        )
      }
      const http2 = await dial(server)
      const closed = untilClosed(http2)
      http2.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
      t.match(await closed, /^HTTP\/1\.1 400 /)
      const plain = dialWithoutTls(server)
      plain.write(`${HEAD}\r\n`)
      t.notMatch(await untilClosed(plain), /HTTP/)
      for (const servername of ['', 'elsewhere.example']) {
        const socket = tlsConnect({ ...server.address, servername, rejectUnauthorized: false })
        await once(socket, 'secureConnect')
        t.ok(
          socket.getPeerX509Certificate()?.checkHost('localhost'),
          `the one certificate for "${servername}"`
        )
        socket.destroy()
      }
    }
  })
)

await test(
  'row 24: callers that leave in the middle leave nothing behind',
  row({
    async inject(t, world) {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(world.server)))
      for (const [i, socket] of sockets.entries()) {
        const sent = i % 2 === 0 ? GROWS_WELL.slice(0, 40) : GROWS_WELL
        socket.write(`${HEAD}Content-Length: ${GROWS_WELL.length}\r\n\r\n${sent}`)
      }
      await sleep(5)
      for (const socket of sockets) socket.destroy()
      t.ok(await until(async () => (await world.metric(IN_FLIGHT)) === 0), 'nothing is in flight')
    }
  })
)

await test(
  'row 25: repeated keys get 400',
  row({
    async inject(t, { server }) {
      const bodies = [
        GROWS_BADLY.replace('"uid":', '"uid":"other","uid":'),
        GROWS_BADLY.replace('"addresses":', '"addresses":[],"addresses":'),
        GROWS_BADLY.replace('"addresses":', '"\\u0061ddresses":[],"addresses":')
      ]
      for (const body of bodies) t.match(await ask(server, body), { status: 400, body: /repeats a key/ })
    }
  })
)

await test(
  'row 26: keys in another case are other keys',
  row({
    async inject(t, world) {
      t.match(await ask(world.server, GROWS_WELL.replace('"uid":', '"UID":')), {
        status: 400,
        body: /uid is missing/
      })
      const hidden = GROWS_BADLY.replace('"spec":', '"Spec":{"addresses":[]},"spec":')
      t.notOk(isAllowed((await world.ask(hidden)).body))
    }
  })
)

await test(
  'row 27: odd characters are compared as they are, and cannot forge a message',
  row({
    async inject(t, world) {
      const odd = [
        'e\u0301',
        '\u202etxt',
        'nul\u0000',
        'half\ud800',
        'line\nfeed',
        '\u{1f600}',
        'x\u001b[31m'
      ]
      for (const text of odd) {
        const message = await messageOf(world, poolOf([text]))
        t.not(message, '', JSON.stringify(text))
        t.notMatch(message.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}]/u)
        t.notMatch(message, /line\nfeed/)
        const annotated = poolOf(['192.168.1.230-192.168.1.239'], {
          annotations: { [text]: text.repeat(20_000) }
        })
        t.ok(isAllowed((await world.ask(annotated)).body), 'annotations may hold anything')
      }
    }
  })
)

await test(
  'row 28: names of Object.prototype are names like any other',
  row({
    async inject(t, world) {
      const before = Object.getOwnPropertyNames(Object.prototype).join()
      for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty']) {
        const labels = JSON.parse(`{"${name}":"constructor","tenant":"${name}"}`)
        const target = {
          kind: { group: '', version: 'v1', kind: 'Service' },
          resource: 'services',
          name,
          namespace: name
        }
        const write: Write = {
          operation: 'CREATE',
          user: name,
          groups: [name],
          object: {
            kind: 'Service',
            metadata: { name, namespace: name, labels, annotations: labels },
            spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80, name }] }
          },
          request: { userInfo: { username: name, groups: [name], extra: JSON.parse(`{"${name}":["x"]}`) } }
        }
        t.equal((await world.ask(reviewOf(write, target))).status, 200, name)
        const pools = poolReview({ operation: 'CREATE', object: pool(name, ['192.168.1.150']) }, name)
        t.notOk(isAllowed((await world.ask(pools)).body), `a pool ${name}`)
      }
      t.equal(Object.getOwnPropertyNames(Object.prototype).join(), before)
    }
  })
)

await test(
  'row 29: deep, wide and huge values cost linear time and are refused where they are read',
  row({
    async inject(t, world) {
      const deep = GROWS_WELL.replace('"spec":', `"x":${'['.repeat(10_000)}${']'.repeat(10_000)},"spec":`)
      t.match(await ask(world.server, deep), { status: 400, body: /deeper than 256/ })
      const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])))
      const wide = GROWS_WELL.replace('"spec":', `"x":${keys},"y":[${'0,'.repeat(100_000)}0],"spec":`)
      const startedMs = performance.now()
      t.ok(isAllowed((await world.ask(wide)).body))
      t.ok(performance.now() - startedMs < 1_500)
      for (const number of ['1e999', '-0', '9007199254740993', '9'.repeat(10_000)]) {
        t.equal(
          (await world.ask(GROWS_BADLY.replace('"spec":', `"n":${number},"spec":`))).status,
          200,
          number.slice(0, 20)
        )
        t.not(
          await messageOf(world, poolOf(['NUMBER']).replace('"NUMBER"', number)),
          '',
          'no address is a number'
        )
      }
    }
  })
)

await test(
  'row 30: each spelling of an address is read exactly or refused, whatever its size',
  row({
    async inject(t, world) {
      const refused = [
        '010.0.0.1',
        '1.2.3',
        '0x7f.1',
        '::ffff:10.0.0.1',
        'fe80::1%eth0',
        '10.0.0.5-10.0.0.1',
        '10.0.0.0/33',
        ' 192.168.1.230',
        '192.168.1.230,192.168.1.231',
        '192.168.1.230',
        '0.0.0.0/0',
        '::/0',
        '192.168.1.230-2001:db8::1',
        ''
      ]
      for (const text of refused) {
        const startedMs = performance.now()
        t.not(await messageOf(world, poolOf([text])), '', JSON.stringify(text))
        t.ok(performance.now() - startedMs < 500)
      }
      t.ok(isAllowed((await world.ask(poolOf(['192.168.1.230/31']))).body))
      const same = await messageOf(world, poolOf(['2001:DB8::/32', '2001:db8:0::1/128']))
      t.match(same, /2001:db8::/, 'two spellings are one address')
    }
  })
)

await test(
  'row 31: an object with ten thousand mistakes gets a message of bounded size',
  row({
    async inject(t, world) {
      const entries = Array.from({ length: 10_000 }, (_, i) => `192.168.1.${i % 100}/33`)
      const startedMs = performance.now()
      const answer = await world.ask(poolOf(entries))
      const tookMs = performance.now() - startedMs
      t.ok(tookMs < 1_000, 'in bounded time', { tookMs })
      t.notOk(isAllowed(answer.body))
      const message = await messageOf(world, poolOf(entries))
      t.match(message, /and \d+ more$/)
      t.ok(message.length <= 4_096, 'of at most 4 KiB', { length: message.length })
      t.equal(causesIn(t, answer.body), 16)
    }
  })
)

function causesIn(t: Test, body: string): number {
  const json: unknown = JSON.parse(body)
  let found: unknown = json
  for (const key of ['response', 'status', 'details', 'causes'])
    found = isRecord(found) ? found[key] : undefined
  if (!Array.isArray(found)) t.fail('causes')
  return Array.isArray(found) ? found.length : 0
}
