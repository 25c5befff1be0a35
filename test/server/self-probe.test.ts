import { createServer } from 'node:net'
import { createServer as createHttpsServer } from 'node:https'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'tap'
import { selfProbe } from '../../src/server/self-probe.ts'
import { certificate, certificates } from './callers.ts'

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256

await test('selfProbe() is content with the right certificate alone, and asks once a second at most', async t => {
  const other = await certificates()
  const server = createHttpsServer({ cert: certificate.cert, key: certificate.key })
  let handshakes = 0
  let failures = 0
  server.on('secureConnection', () => handshakes++)
  server.on('tlsClientError', () => failures++)
  t.equal(await selfProbe(server, () => '')(), 'not listening')
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    server.listen(0, host)
    await once(server, 'listening')
    const probe = selfProbe(server, () => fingerprintOf(certificate.cert))
    t.strictSame(await Promise.all([probe(), probe(), probe()]), ['', '', ''], host)
    t.equal(await selfProbe(server, () => fingerprintOf(other.cert))(), 'another certificate is served')
    server.close()
    await once(server, 'close')
  }
  t.equal(handshakes, 4)
  t.equal(failures, 0, 'none of them counts as a failed handshake')
})

await test('selfProbe() gives up on a listener that hangs, and names what breaks', async t => {
  for (const [name, listener, problem] of [
    ['mute', () => {}, 'no handshake within 500 ms'],
    ['closing', (socket: { destroy(): unknown }) => socket.destroy(), /./]
  ] as const) {
    const plain = createServer(listener).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const server = createHttpsServer()
    server.address = () => plain.address()
    t.match(await selfProbe(server, () => '')(), problem, name)
    plain.close()
  }
})
