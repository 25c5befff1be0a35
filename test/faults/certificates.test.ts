import { X509Certificate } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { pollCertificate } from '../../src/cli/certificate-poll.ts'
import { loadOrCreateCertificates } from '../../src/server/certificates.ts'
import type { CertificatePair } from '../../src/server/tls.ts'
import { certificate, certificates, dial, until } from '../server/callers.ts'
import { memoryFiles } from '../server/fixtures.ts'
import { isAllowed } from './promises.ts'
import { GROWS_WELL } from './reviews.ts'
import { ask, row } from './world.ts'

const RELOAD_ERRORS = 'poolguard_certificate_reload_errors_total'

await test(
  'row 32: a certificate that changes ten times a second under 200 calls a second fails none of them',
  row({
    async inject(t, { server }) {
      const next = await Promise.all([certificates(), certificates()])
      const ca = [certificate, ...next].map(pair => pair.ca).join('')
      const keptOpen = new Agent({ keepAlive: true, maxSockets: 4 })
      const outcomes: Promise<number>[] = []
      for (let turn = 0; turn < 400; turn++) {
        if (turn % 20 === 0) t.equal(server.reload(next[(turn / 20) % 2] ?? certificate), '')
        const agent = turn % 2 === 0 ? { agent: keptOpen } : {}
        outcomes.push(
          ask(server, GROWS_WELL, { ca, ...agent }).then(
            ({ status }) => status,
            () => 0
          )
        )
        await sleep(5)
      }
      const failed = (await Promise.all(outcomes)).filter(status => status !== 200)
      t.strictSame(failed, [])
      keptOpen.destroy()
      t.equal(server.reload(certificate), '')
    }
  })
)

await test(
  'row 33: a pair that is half there or does not match leaves the old one, and the next good one is served',
  row({
    async inject(t, world) {
      const dir = t.testdir({ generations: {} })
      const publish = (name: string, { cert, key }: CertificatePair): void => {
        mkdirSync(join(dir, name))
        writeFileSync(join(dir, name, 'tls.crt'), cert)
        writeFileSync(join(dir, name, 'tls.key'), key)
        symlinkSync(name, join(dir, '..data.new'))
        // As the kubelet swaps a mounted Secret: by renaming a symbolic link.
        renameSync(join(dir, '..data.new'), join(dir, '..data'))
      }
      publish('1', certificate)
      const files = { cert: join(dir, '..data/tls.crt'), key: join(dir, '..data/tls.key') }
      const stop = pollCertificate(files, world.server, certificate, 10)
      t.teardown(stop)
      const other = await certificates()
      const bad: readonly CertificatePair[] = [
        { cert: other.cert, key: certificate.key },
        { cert: other.cert.slice(0, 200), key: other.key },
        { cert: '', key: '' }
      ]
      for (const [i, pair] of bad.entries()) {
        publish(`bad-${i}`, pair)
        t.ok(
          await until(async () => (await world.metric(RELOAD_ERRORS)) === i + 1),
          `bad pair ${i} is counted`
        )
        t.ok(isAllowed((await world.ask(GROWS_WELL)).body), 'and the old one served')
        t.equal((await world.ready()).status, 200)
      }
      rmSync(join(dir, '..data'))
      await sleep(50)
      t.ok(isAllowed((await world.ask(GROWS_WELL)).body), 'files that are gone change nothing')
      t.equal(await world.metric(RELOAD_ERRORS), bad.length, 'and are no error')
      publish('2', other)
      t.ok(
        await until(() =>
          ask(world.server, GROWS_WELL, { ca: other.ca }).then(
            () => true,
            () => false
          )
        )
      )
      // Longer than the outcome of a self-probe is kept.
      await sleep(1_100)
      t.equal((await world.ready()).status, 200, 'the new one is what is to be served')
      publish('3', certificate)
      t.ok(
        await until(() =>
          world.ask(GROWS_WELL).then(
            () => true,
            () => false
          )
        )
      )
    }
  })
)

const yearsAgo = new Date(Date.now() - 2 * 365 * 86_400_000)
const expired = await loadOrCreateCertificates({
  files: memoryFiles(),
  dir: 'c',
  dnsNames: [],
  ipAddresses: [],
  now: yearsAgo
})

await test(
  'row 34: an expired certificate makes nothing unready, and a metric tells it',
  row({
    server: { tls: expired },
    trustsAnything: true,
    async inject(t, world) {
      t.match(await world.ready('/readyz?verbose'), {
        status: 200,
        body: /\[\+\]certificate valid until 20\d\d/
      })
      t.ok((await world.metric('poolguard_certificate_expiry_seconds')) < 0)
      await t.rejects(ask(world.server, GROWS_WELL, { ca: expired.ca }), { code: 'CERT_HAS_EXPIRED' })
    }
  })
)

await test(
  'row 35: during a change of the CA callers that trust old and new reach every replica',
  row({
    async inject(t, world) {
      const next = await certificates()
      t.equal(world.server.reload(next), '')
      await t.rejects(ask(world.server, GROWS_WELL, { ca: certificate.ca }), 'the old CA alone does not do')
      for (const ca of [certificate.ca + next.ca, next.ca + certificate.ca]) {
        t.equal((await ask(world.server, GROWS_WELL, { ca })).status, 200)
        t.equal(world.server.reload(certificate), '')
        t.equal((await ask(world.server, GROWS_WELL, { ca })).status, 200, 'a replica that is not there yet')
        t.equal(world.server.reload(next), '')
      }
      t.equal(world.server.reload(certificate), '')
    }
  })
)

await test(
  'row 36: callers whose caBundle was emptied cannot ask, which is counted; others go on',
  row({
    async inject(t, world) {
      const stranger = await certificates()
      await t.rejects(dial(world.server, { ca: stranger.ca }))
      t.ok(await until(async () => (await world.metric('poolguard_tls_handshake_errors_total')) === 1))
      t.equal((await world.ready()).status, 200)
    }
  })
)

await test('row 37: clocks that jump or stand still change no verdict, no deadline and no age', async t => {
  const real = Date.now
  t.teardown(() => (Date.now = real))
  for (const minutes of [10, -10, -60, 120]) {
    await t.test(`by ${minutes} minutes`, async sub => {
      Date.now = real
      await row({
        timings: { staleMs: 60_000 },
        async inject(tt, world) {
          Date.now = () => real() + minutes * 60_000
          tt.ok(isAllowed((await world.ask(GROWS_WELL)).body))
          await sleep(30)
          tt.equal(world.state('IPAddressPool'), 'synced')
          tt.match(await world.ready('/readyz?verbose'), {
            status: 200,
            body: /IPAddressPool synced, 3 objects, heard [0-2] s ago/
          })
        }
      })(sub)
    })
  }
  Date.now = real
  const { validFrom } = new X509Certificate(certificate.cert)
  t.ok(
    Date.now() - Date.parse(validFrom) >= 5 * 60_000,
    'certificates are good for clocks five minutes behind'
  )
})
