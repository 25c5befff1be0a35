import { X509Certificate } from 'node:crypto'
import { test } from 'tap'
import { generate } from 'selfsigned'
import { loadOrCreateCertificates, serviceDnsNames } from '../../src/server/certificates.ts'
import { inspectPair } from '../../src/server/tls.ts'
import { memoryFiles } from './fixtures.ts'
import type { MemoryFiles } from './fixtures.ts'

const NOW = new Date('2026-11-23T12:00:00Z')
const DAY_MS = 24 * 3_600_000
const DNS_NAMES = serviceDnsNames('poolguard', 'poolguard-system')

function load(files: MemoryFiles, change: { now?: Date; dnsNames?: readonly string[] } = {}) {
  return loadOrCreateCertificates({
    files,
    dir: 'certs',
    dnsNames: DNS_NAMES,
    ipAddresses: ['192.0.2.7'],
    now: NOW,
    ...change
  })
}

await test('loadOrCreateCertificates() makes a CA and a leaf that callers can verify', async t => {
  const files = memoryFiles()
  const made = await load(files)
  t.equal(made.created, 'no certificate was there')
  t.same(
    [...files.modes],
    [
      ['certs/tls.key', 0o600],
      ['certs/tls.crt', 0o644],
      ['certs/ca.crt', 0o644]
    ]
  )
  const ca = new X509Certificate(made.ca)
  const leaf = new X509Certificate(made.cert)
  t.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey))
  t.ok(ca.ca)
  t.notOk(leaf.ca)
  t.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  for (const name of [
    'poolguard',
    'poolguard.poolguard-system.svc',
    'poolguard.poolguard-system.svc.cluster.local',
    'localhost'
  ]) {
    t.ok(leaf.checkHost(name, { subject: 'never' }), name)
  }
  for (const address of ['127.0.0.1', '::1', '192.0.2.7']) t.ok(leaf.checkIP(address), address)
  t.notOk(leaf.checkHost('other.poolguard-system.svc', { subject: 'never' }))
  t.equal(new Date(leaf.validFrom).toISOString(), '2026-11-23T11:55:00.000Z', 'back-dated five minutes')
  t.equal(leaf.validTo, ca.validTo)
  t.equal(made.notAfter.toISOString(), '2027-11-23T12:00:00.000Z')
  t.notMatch(made.ca + made.cert, /PRIVATE/)
})

await test('loadOrCreateCertificates() keeps what is good and replaces what is not', async t => {
  const files = memoryFiles()
  const made = await load(files)
  const again = await load(files)
  t.equal(again.created, '')
  t.equal(again.cert, made.cert)
  t.equal((await load(files, { now: new Date(NOW.getTime() + 334 * DAY_MS) })).cert, made.cert)
  const broken: Record<string, (copy: MemoryFiles) => Promise<string>> = {
    'expires soon': async copy => (await load(copy, { now: new Date(NOW.getTime() + 336 * DAY_MS) })).created,
    'has expired': async copy => (await load(copy, { now: new Date(NOW.getTime() + 400 * DAY_MS) })).created,
    'not valid yet': async copy => (await load(copy, { now: new Date(NOW.getTime() - DAY_MS) })).created,
    'another name': async copy => (await load(copy, { dnsNames: ['webhook.other.svc'] })).created,
    'key of another': async copy => {
      copy.texts.set('certs/tls.key', (await load(memoryFiles())).key)
      return (await load(copy)).created
    },
    'CA of another': async copy => {
      copy.texts.set('certs/ca.crt', (await load(memoryFiles())).ca)
      return (await load(copy)).created
    },
    'no CA': async copy => {
      copy.texts.delete('certs/ca.crt')
      return (await load(copy)).created
    },
    'empty key': async copy => {
      copy.texts.set('certs/tls.key', '')
      return (await load(copy)).created
    },
    'half a certificate': async copy => {
      copy.texts.set('certs/tls.crt', made.cert.slice(0, 300))
      return (await load(copy)).created
    }
  }
  for (const [name, created] of Object.entries(broken)) {
    const copy = memoryFiles(files.texts)
    t.match(await created(copy), /./, name)
    t.not(copy.texts.get('certs/tls.crt'), made.cert, name)
    const pair = { cert: copy.texts.get('certs/tls.crt') ?? '', key: copy.texts.get('certs/tls.key') ?? '' }
    t.ok(inspectPair(pair).ok, name)
  }
})

await test('loadOrCreateCertificates() never replaces what somebody else issued', async t => {
  const other = await generate([{ name: 'commonName', value: 'corporate CA' }], {
    algorithm: 'sha256',
    keyType: 'ec'
  })
  const files = memoryFiles(
    new Map([
      ['certs/tls.crt', other.cert],
      ['certs/tls.key', other.private]
    ])
  )
  await t.rejects(load(files), /certs\/tls\.crt was issued by somebody else/)
  t.equal(files.texts.get('certs/tls.key'), other.private)
})

await test('inspectPair() tells pairs from the rest', async t => {
  const { cert, key } = await load(memoryFiles())
  const other = await load(memoryFiles())
  t.match(inspectPair({ cert, key }), { ok: true, notAfter: new Date('2027-11-23T12:00:00Z') })
  t.match(inspectPair({ cert, key: other.key }), { ok: false, problem: /does not belong/ })
  for (const pair of [
    { cert: '', key },
    { cert, key: '' },
    { cert: key, key: cert },
    { cert: cert.slice(0, 200), key }
  ]) {
    const inspection = inspectPair(pair)
    t.notOk(inspection.ok)
    t.notMatch(JSON.stringify(inspection), /BEGIN|MIG/)
  }
})
