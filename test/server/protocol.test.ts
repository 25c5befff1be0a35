import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { InjectOptions } from 'fastify'
import { test } from 'tap'
import type { Outcome, Question } from '../../src/admission/answer.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { buildAdminApp } from '../../src/server/admin-app.ts'
import type { ReadinessCheck } from '../../src/server/admin-app.ts'
import { ADMISSION_PATHS, buildAdmissionApp } from '../../src/server/app.ts'
import type { AdmissionAppOptions } from '../../src/server/app.ts'
import { clientCaProblem, pathSecretProblem } from '../../src/server/caller-proof.ts'
import { createLogger, logOutcome } from '../../src/server/logger.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { allow, faultAnswer, NO_TRAFFIC, OUTCOME, reviewOfBytes } from './fixtures.ts'

const REVIEW = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1"}}'
const JSON_TYPE = { 'content-type': 'application/json' }

function build(options: Partial<AdmissionAppOptions> = {}) {
  return buildAdmissionApp({
    answer: async (body, question) => allow(body, question),
    faultAnswer,
    observe: () => {},
    traffic: NO_TRAFFIC,
    ...options
  })
}

function post(
  payload: string | Buffer,
  headers: InjectOptions['headers'] = JSON_TYPE,
  url = '/validate'
): InjectOptions {
  return { method: 'POST', url, payload, headers }
}

/** The `response` of an AdmissionReview; empty when there is none. */
function responseIn({ body }: { readonly body: string }): Record<string, unknown> {
  const review: unknown = JSON.parse(body)
  const response = at(review, 'response')
  return isRecord(response) ? response : {}
}

interface Told {
  readonly error: string
  readonly hint: string
}

function told(body: string): Told {
  const value: unknown = JSON.parse(body)
  return isRecord(value)
    ? { error: String(value['error']), hint: String(value['hint']) }
    : { error: '', hint: '' }
}

await test('buildAdmissionApp() answers reviews on four paths', async t => {
  const app = build()
  const asked: Record<string, string> = {
    '/validate': 'validate fail',
    '/mutate': 'mutate fail',
    '/validate/ignore': 'validate ignore',
    '/mutate/ignore': 'mutate ignore'
  }
  for (const [url, question] of Object.entries(asked)) {
    for (const query of ['', '?timeout=10s', '?timeout=1m0s', '?timeout=', '?timeout=1s&timeout=2s']) {
      const response = await app.inject(post(REVIEW, JSON_TYPE, url + query))
      t.equal(response.statusCode, 200, url + query)
      t.equal(response.headers['content-type'], 'application/json')
      t.same(responseIn(response), { uid: 'u-1', allowed: true, asked: question })
    }
  }
  const bad = build({
    answer: async () => ({ httpStatus: 400, body: { error: 'no uid', hint: '' }, outcome: OUTCOME })
  })
  const response = await bad.inject(post('[]'))
  t.equal(response.statusCode, 400, 'what is no review is for admission to say')
  t.same(response.json(), { error: 'no uid', hint: '' })
})

await test('buildAdmissionApp() refuses what is in the wrong place or of the wrong type', async t => {
  const app = build({ answer: () => Promise.reject(new Error('must not be asked')) })
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const) {
    const response = await app.inject({ method, url: '/mutate?timeout=5s' })
    t.equal(response.statusCode, 405, method)
    t.equal(response.headers['allow'], 'POST', method)
  }
  for (const url of [
    '/',
    '/validate/',
    '/Validate',
    '/validate/fail',
    '/metrics',
    '/healthz',
    '/%zz',
    '//validate'
  ]) {
    t.equal((await app.inject(post(REVIEW, JSON_TYPE, url))).statusCode, 404, url)
  }
  const types = [
    'text/plain',
    'application/yaml',
    'application/json-patch+json',
    'application/jsonx',
    'nonsense',
    '',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json, text/plain'
  ]
  for (const type of types) {
    const response = await app.inject(post(REVIEW, { 'content-type': type }))
    t.equal(response.statusCode, 415, `type ${type}`)
    t.match(told(response.body), { error: /./, hint: /application\/json/ })
  }
  t.equal((await app.inject({ method: 'POST', url: '/validate' })).statusCode, 415, 'no type, no body')
  for (const encoding of ['gzip', 'deflate', 'br', 'identity, gzip']) {
    const response = await app.inject(post(REVIEW, { ...JSON_TYPE, 'content-encoding': encoding }))
    t.equal(response.statusCode, 415, `encoding ${encoding}`)
  }
  const good = build()
  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; v=1'
  ]) {
    t.equal(
      (await good.inject(post(REVIEW, { 'content-type': type, 'content-encoding': 'identity' }))).statusCode,
      200,
      type
    )
  }
})

const SECRET = 'c0ffee'.repeat(11)

await test('buildAdmissionApp() with a secret answers below it alone, and 404 as for unknown paths', async t => {
  let unproven = 0
  const counted: string[] = []
  const traffic = {
    ...NO_TRAFFIC,
    started: (path: string) => void counted.push(path),
    unproven: () => void unproven++
  }
  const app = build({ pathSecret: SECRET, traffic })
  for (const path of ADMISSION_PATHS.keys()) {
    const response = await app.inject(post(REVIEW, JSON_TYPE, `/${SECRET}${path}?timeout=5s`))
    t.equal(response.statusCode, 200, path)
    t.match(responseIn(response), { uid: 'u-1', allowed: true })
  }
  const wrongMethod = await app.inject({ method: 'GET', url: `/${SECRET}/mutate` })
  t.equal(wrongMethod.statusCode, 405, 'to proven callers alone')
  const unknown = await app.inject(post(REVIEW, JSON_TYPE, `/${SECRET}/nowhere`))
  t.equal(unknown.statusCode, 404)
  t.equal(unproven, 0)
  const wrong = [
    '/validate',
    '/validate?timeout=5s',
    '/mutate/ignore',
    '/',
    '//validate',
    `/${SECRET.slice(1)}/validate`,
    `/${SECRET}0/validate`,
    `/${SECRET.toUpperCase()}/validate`,
    `/%63${SECRET.slice(1)}/validate`,
    `//${SECRET}/validate`,
    `/validate/${SECRET}`,
    `/validate?${SECRET}/validate`,
    `/${'x'.repeat(10_000)}/validate`,
    '/%zz/validate'
  ]
  for (const [i, url] of wrong.entries()) {
    for (const method of ['POST', 'GET'] as const) {
      const response = await app.inject({ ...post(REVIEW, JSON_TYPE, url), method })
      t.equal(response.statusCode, 404, `${method} ${url.slice(0, 90)}`)
      t.equal(response.body, unknown.body)
      t.equal(response.headers['allow'], undefined)
    }
    t.equal(unproven, 2 * (i + 1))
  }
  t.notMatch(unknown.body, new RegExp(`${SECRET}|validate|nowhere`), 'nothing of the path is repeated')
  for (const rest of ['', '/', '//validate', '/%zz', '?/validate']) {
    t.equal((await app.inject(post(REVIEW, JSON_TYPE, `/${SECRET}${rest}`))).body, unknown.body, rest)
  }
  t.same([...new Set(counted)], [...ADMISSION_PATHS.keys()], 'metrics never see the secret')
})

await test('the secret is compared in constant time, whatever its length', async t => {
  const compared = t.capture(crypto, 'timingSafeEqual', crypto.timingSafeEqual)
  syncBuiltinESMExports()
  const app = build({ pathSecret: SECRET })
  for (const segment of ['', 'c', SECRET, SECRET.repeat(9)]) {
    await app.inject(post(REVIEW, JSON_TYPE, `/${segment}/validate`))
  }
  const calls = compared()
  compared.restore()
  syncBuiltinESMExports()
  t.same(
    calls.map(call => [...call.args.map(digest => digest.byteLength), 'returned' in call && call.returned]),
    [
      [32, 32, false],
      [32, 32, false],
      [32, 32, true],
      [32, 32, false]
    ]
  )
})

await test('pathSecretProblem() and clientCaProblem() tell what is too weak or no certificate', t => {
  t.equal(pathSecretProblem('0123456789abcdef'.repeat(4)), '')
  for (const weak of ['', 'abc', 'f'.repeat(63), 'f'.repeat(254)]) {
    t.match(pathSecretProblem(weak), /^it holds \d+ hex digits, not 64/, weak)
  }
  for (const odd of [
    `${SECRET}/`,
    `${SECRET} `,
    `${SECRET}%`,
    `${SECRET}\n`,
    'é'.repeat(64),
    'F'.repeat(64),
    'z_-'.repeat(20)
  ]) {
    t.match(pathSecretProblem(odd), /other characters/, odd)
    t.notMatch(pathSecretProblem(odd), odd)
  }
  t.match(clientCaProblem(''), /no certificate/)
  t.match(clientCaProblem('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), /cannot be read/)
  t.end()
})

/** Bodies that are no JSON of ours, and what the refusal names. */
const MALFORMED: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['empty', '', /empty/],
  ['blanks', ' \n', /not JSON/],
  ['cut short', REVIEW.slice(0, -1), /not JSON/],
  ['trailing garbage', `${REVIEW}secret`, /not JSON/],
  ['two values', `${REVIEW}${REVIEW}`, /not JSON/],
  ['single quotes', "{'secret':1}", /not JSON/],
  ['comment', '{/*secret*/}', /not JSON/],
  ['NaN', '{"a":NaN}', /not JSON/],
  ['raw newline in a string', '{"a":"sec\nret"}', /not JSON/],
  ['unterminated string', '{"a":"secret', /not JSON/],
  [
    'byte order mark',
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(REVIEW)]),
    /byte order mark/
  ],
  ['UTF-16 with mark', Buffer.from(`\ufeff${REVIEW}`, 'utf16le'), /UTF-16/],
  ['UTF-16 without mark', Buffer.from(REVIEW, 'utf16le'), /UTF-16/],
  ['UTF-16 big endian', Buffer.from(REVIEW, 'utf16le').swap16(), /UTF-16/],
  [
    'invalid UTF-8',
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    /UTF-8/
  ],
  [
    'overlong UTF-8',
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    /UTF-8/
  ],
  ['257 levels', '['.repeat(257) + ']'.repeat(257), /deeper than 256/],
  ['10,000 levels of objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), /deeper than 256/],
  ['a million open brackets', '['.repeat(1_000_000), /deeper than 256/],
  ['uid twice', '{"request":{"uid":"a","uid":"b"}}', /repeats a key/],
  ['the same key, escaped', '{"request":{"uid":"a","\\u0075id":"b"}}', /repeats a key/],
  [
    'repeated far inside',
    '{"request":{"object":[{"spec":{"addresses":[],"x":{},"addresses":[]}}]}}',
    /repeats a key/
  ]
]

/** Odd but legal JSON. */
const LEGAL: readonly (readonly [string, string])[] = [
  ['null', 'null'],
  ['number', '1e999'],
  ['array', '[]'],
  ['256 levels', '['.repeat(256) + ']'.repeat(256)],
  ['brackets and quotes in strings', JSON.stringify({ a: '[{'.repeat(500), 'b"': '\\"{', 'c\\': '\\' })],
  ['an escaped quote before 300 brackets', JSON.stringify({ a: `"${'['.repeat(300)}` })],
  ['an escaped backslash before 300 brackets', JSON.stringify({ a: '\\', b: '['.repeat(300) })],
  ['the same key in different objects', '[{"a":1},{"a":1,"b":{"a":2}}]'],
  ['a value equal to a key', '{"a":"a","b":["a","a"]}'],
  ['keys that differ in case', '{"uid":1,"UID":2}'],
  ['keys that differ in normal form', '{"\u00e9":1,"e\u0301":2}'],
  ['lone surrogate', '{"a":"\\ud800"}'],
  ['long digits', `{"a":${'9'.repeat(10_000)}}`],
  [
    'keys of Object.prototype',
    '{"__proto__":{"a":1},"constructor":{"prototype":{}},"toString":1,"hasOwnProperty":2}'
  ],
  ['100,000 elements', `[${'0,'.repeat(100_000)}0]`]
]

await test('buildAdmissionApp() names what is wrong with the bytes and never repeats them', async t => {
  let reviews = 0
  const app = build({
    answer: async (body, question) => {
      reviews++
      return allow(body, question)
    }
  })
  for (const [name, payload, error] of MALFORMED) {
    const response = await app.inject(post(payload))
    t.equal(response.statusCode, 400, name)
    t.match(told(response.body), { error, hint: /UTF-8/ }, name)
    t.notMatch(response.body, /secret|sec\b|uid|stack/, name)
    t.equal(response.headers['content-type'], 'application/json')
  }
  t.equal(reviews, 0, 'none of them is asked about')
  for (const [name, payload] of LEGAL) {
    t.equal((await app.inject(post(payload))).statusCode, 200, name)
  }
  t.equal(reviews, LEGAL.length)
})

await test('buildAdmissionApp() hands over __proto__ as an ordinary key', async t => {
  const seen: unknown[] = []
  const app = build({
    answer: async (body, question) => {
      seen.push(body)
      return allow(body, question)
    }
  })
  const response = await app.inject(
    post('{"request":{"uid":"u-1","userInfo":{"extra":{"__proto__":["polluted"]}}}}')
  )
  t.equal(responseIn(response)['uid'], 'u-1')
  const extra = at(at(at(seen[0], 'request'), 'userInfo'), 'extra')
  t.same(Object.keys(isRecord(extra) ? extra : {}), ['__proto__'])
  t.equal(Object.getPrototypeOf(extra), Object.prototype)
  t.notOk('0' in {}, 'nothing leaked into Object.prototype')
})

function at(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined
}

await test('buildAdmissionApp() takes bodies of 7 MiB and no more', async t => {
  const app = build()
  const limit = 7 * 1024 * 1024
  const startedMs = performance.now()
  t.equal(responseIn(await app.inject(post(reviewOfBytes(limit))))['uid'], 'big')
  t.ok(performance.now() - startedMs < 1_000, 'in less than a second')
  t.equal((await app.inject(post(reviewOfBytes(limit + 1)))).statusCode, 413)
  t.match(told((await app.inject(post(reviewOfBytes(limit + 1)))).body), { error: /7340032 bytes/ })
})

await test('buildAdmissionApp() answers faults and late answers as admission words them', async t => {
  const observed: Outcome[] = []
  const panics: unknown[] = []
  let answer: AdmissionAppOptions['answer'] = () => Promise.reject(new Error('broken rule'))
  const app = build({
    answer: (body, question) => answer(body, question),
    observe: outcome => observed.push(outcome),
    traffic: { ...NO_TRAFFIC, panicked: error => panics.push(error) },
    limits: { deadlineMs: 40 }
  })
  t.same(responseIn(await app.inject(post(REVIEW))), {
    uid: 'u-1',
    allowed: false,
    fault: 'broken rule'
  })
  t.same(responseIn(await app.inject(post(REVIEW, JSON_TYPE, '/mutate/ignore')))['allowed'], true)
  answer = () => {
    throw new Error('thrown before the promise')
  }
  t.equal(responseIn(await app.inject(post(REVIEW)))['fault'], 'thrown before the promise')
  t.equal(panics.length, 3)
  answer = () => new Promise(() => {})
  for (const query of ['', '?timeout=30s', '?timeout=1s']) {
    const response = await app.inject(post(REVIEW, JSON_TYPE, `/validate${query}`))
    t.match(responseIn(response), { allowed: false, fault: 'no answer in time' }, query)
  }
  t.equal(panics.length, 3, 'being late is no panic')
  t.same(
    observed.map(outcome => outcome.verdict),
    Array.from({ length: 6 }, () => 'fault')
  )
  const patient = build({ answer: () => new Promise(() => {}) })
  const startedMs = performance.now()
  await patient.inject(post(REVIEW, JSON_TYPE, '/validate?timeout=1s'))
  const tookMs = performance.now() - startedMs
  t.ok(tookMs > 400 && tookMs < 1_000, `a caller that waits a second is answered in ${tookMs} ms`)
  const unserialisable = build({
    answer: async () => ({ httpStatus: 200, body: { n: 1n }, outcome: OUTCOME }),
    traffic: { ...NO_TRAFFIC, panicked: error => panics.push(error) }
  })
  const response = await unserialisable.inject(post(REVIEW))
  t.equal(response.statusCode, 500)
  t.match(told(response.body), { error: 'internal error' })
  t.equal(panics.length, 4)
})

await test('buildAdmissionApp() turns away what is too much at once', async t => {
  const waiting: (() => void)[] = []
  const app = build({
    answer: (body, question) => new Promise(resolve => waiting.push(() => resolve(allow(body, question)))),
    limits: { reviewsInFlight: 2, bytesInFlight: 1_000 }
  })
  const first = [app.inject(post(REVIEW)), app.inject(post(REVIEW))]
  await until(() => waiting.length === 2)
  const third = await app.inject(post(REVIEW))
  t.equal(third.statusCode, 503)
  t.equal(third.headers['retry-after'], '1')
  for (const go of waiting) go()
  t.same(
    (await Promise.all(first)).map(response => response.statusCode),
    [200, 200]
  )
  waiting.length = 0
  const heavy = app.inject(post(reviewOfBytes(600)))
  await until(() => waiting.length === 1)
  t.equal((await app.inject(post(reviewOfBytes(600)))).statusCode, 503, 'bytes count too')
  for (const go of waiting) go()
  t.equal((await heavy).statusCode, 200)
  waiting.length = 0
  const again = app.inject(post(reviewOfBytes(900)))
  await until(() => waiting.length === 1)
  for (const go of waiting) go()
  t.equal((await again).statusCode, 200, 'everything was given back')
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

await test('buildAdminApp() separates alive from ready', async t => {
  let checks: readonly ReadinessCheck[] = [
    { name: 'policy', ok: true, detail: 'generation 3' },
    { name: 'inventory', ok: false, detail: 'Subnet: not listed yet' }
  ]
  const metrics = createMetrics({ kinds: [], now: () => new Date() })
  const app = buildAdminApp({ ready: () => checks, registry: metrics.registry })
  const get = (url: string) => app.inject({ method: 'GET', url })
  t.match(await get('/healthz'), { statusCode: 200, body: 'ok\n' })
  t.match(await get('/readyz'), { statusCode: 503, body: '[-]inventory Subnet: not listed yet\nnot ready\n' })
  t.match(await get('/readyz?verbose'), {
    statusCode: 503,
    body: '[+]policy generation 3\n[-]inventory Subnet: not listed yet\nnot ready\n'
  })
  checks = checks.map(check => ({ ...check, ok: true }))
  t.match(await get('/readyz'), { statusCode: 200, body: 'ok\n' })
  t.match(await get('/metrics'), {
    statusCode: 200,
    headers: { 'content-type': /text\/plain/ },
    body: /nodejs_eventloop_lag/
  })
  t.equal(
    (await app.inject({ method: 'POST', url: '/readyz', payload: REVIEW, headers: JSON_TYPE })).statusCode,
    405
  )
  t.equal((await get('/validate')).statusCode, 404)
  const broken = buildAdminApp({
    ready: () => {
      throw new Error('secret')
    },
    registry: metrics.registry
  })
  t.equal((await broken.inject('/healthz')).statusCode, 200, 'alive whatever readiness does')
  t.notMatch((await broken.inject('/readyz')).body, /secret/)
})

await test('createMetrics() counts under bounded labels', async t => {
  let now = new Date('2026-11-23T00:00:00Z')
  const metrics = createMetrics({ kinds: ['IPAddressPool'], now: () => now })
  const app = build({ observe: metrics.observe, traffic: metrics })
  await app.inject(post(REVIEW))
  await app.inject(post('', JSON_TYPE, '/mutate'))
  await app.inject({ method: 'GET', url: '/mutate' })
  await app.inject({ method: 'GET', url: '/else' })
  const validate: Question = { path: 'validate', onFault: 'fail' }
  metrics.observe(
    {
      ...OUTCOME,
      verdict: 'denied',
      denied: ['pool-overlap'],
      warned: ['pool-unusable'],
      audited: ['x'],
      exempted: [{ rule: 'pool-reserved-range', policy: 'lab' }],
      dryRun: true
    },
    4,
    validate
  )
  metrics.observe({ ...OUTCOME, kind: 'Weird-1', operation: 'EXPLODE' }, 4, validate)
  metrics.observe({ ...OUTCOME, kind: 'constructor' }, 4, validate)
  metrics.certificateServed(new Date('2026-11-24T00:00:00Z'))
  metrics.certificateReloadFailed()
  metrics.panicked(new Error('x'))
  metrics.unproven()
  now = new Date('2026-11-23T12:00:00Z')
  const lines = (await metrics.registry.metrics()).split('\n').filter(line => !line.startsWith('#'))
  const expected = [
    'poolguard_decisions_total{kind="IPAddressPool",operation="CREATE",verdict="allowed",path="validate",dry_run="false"} 1',
    'poolguard_decisions_total{kind="IPAddressPool",operation="CREATE",verdict="denied",path="validate",dry_run="true"} 1',
    'poolguard_decisions_total{kind="other",operation="other",verdict="allowed",path="validate",dry_run="false"} 1',
    'poolguard_decisions_total{kind="other",operation="CREATE",verdict="allowed",path="validate",dry_run="false"} 1',
    'poolguard_rule_findings_total{rule="pool-overlap",action="deny"} 1',
    'poolguard_rule_findings_total{rule="pool-unusable",action="warn"} 1',
    'poolguard_exemptions_used_total{rule="pool-reserved-range",policy="lab"} 1',
    'poolguard_rule_findings_total{rule="x",action="audit"} 1',
    'poolguard_review_duration_seconds_count{path="validate"} 4',
    'poolguard_review_duration_seconds_bucket{le="0.005",path="validate"} 4',
    'controller_runtime_webhook_requests_total{webhook="/validate",code="200"} 1',
    'controller_runtime_webhook_requests_total{webhook="/mutate",code="400"} 1',
    'controller_runtime_webhook_requests_total{webhook="/mutate",code="405"} 1',
    'controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 0',
    'controller_runtime_webhook_panics_total 1',
    'poolguard_unproven_requests_total 1',
    'poolguard_certificate_expiry_seconds 43200',
    'poolguard_certificate_reload_errors_total 1'
  ]
  for (const line of expected) t.ok(lines.includes(line), line)
  t.notOk(
    lines.some(line => line.includes('/else')),
    'unknown paths make no series'
  )
})

await test('logOutcome() writes one line per denial, without anything a caller could break out with', t => {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const log = createLogger({ level: 'info', stream })
  const question: Question = { path: 'validate', onFault: 'fail' }
  logOutcome(log, OUTCOME, 1.234, question)
  t.equal(lines.length, 0, 'allowed is debug')
  const username = 'eve\r\n{"level":"info"}\u001b[2J\u009b31m\u202e\u2028'
  logOutcome(
    log,
    { ...OUTCOME, verdict: 'denied', denied: ['pool-overlap'], username, name: 'n'.repeat(5_000) },
    1.234,
    question
  )
  logOutcome(log, { ...OUTCOME, verdict: 'fault', fault: 'ledger unreachable' }, 1, question)
  t.equal(lines.length, 2)
  t.match(JSON.parse(lines[0] ?? ''), {
    level: 'info',
    msg: 'denied',
    uid: 'u-1',
    kind: 'IPAddressPool',
    namespace: 'metallb-system',
    denied: ['pool-overlap'],
    ms: 1.23,
    name: 'n'.repeat(256),
    user: 'eve\\u{d}\\u{a}{"level":"info"}\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{2028}'
  })
  t.match(JSON.parse(lines[1] ?? ''), { level: 'error', msg: 'fault', fault: 'ledger unreachable' })
  t.ok(
    lines.every(line => /^[\x20-\x7e]*\n$/.test(line)),
    'printable ASCII and one newline'
  )
  t.end()
})
