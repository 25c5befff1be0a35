import { test } from 'tap'
import { IN_FLIGHT_WORDS } from '../../src/admission/wording/under-way.ts'
import { verdictOn, type Wanted } from '../cluster/soak/answers.ts'
import { excuseOf, isSeen, SEEN_MS, type Excuse } from '../cluster/soak/excuses.ts'

const killed: Excuse = { of: 'replica', fromMs: 10_000, untilMs: 10_600 }
const restarted: Excuse = { of: 'API server', fromMs: 20_000, untilMs: 30_000 }
const excuses = [killed, restarted]
const BROKEN = 'Internal error occurred: failed calling webhook "addresses.poolguard.io": EOF'
const DENIED = 'admission webhook "addresses.poolguard.io" denied the request: '

function call(startMs: number, endMs: number, status = 500, message = BROKEN) {
  return { startMs, endMs, status, message }
}

await test('a call is excused by an outage that it met', async t => {
  const cases = [
    ['it was over before', 9_000, 9_999, undefined],
    ['it was on its way when the replica died', 9_000, 10_001, 'replica'],
    ['it ended as that began', 9_000, 10_000, 'replica'],
    ['it began before the API server knew', 10_600, 12_000, 'replica'],
    ['it began after that', 10_601, 12_000, undefined],
    ['it lasted longer than the outage', 9_000, 15_000, 'replica'],
    ['the API server was away', 25_000, 25_001, 'API server']
  ] as const
  for (const [what, startMs, endMs, expected] of cases)
    t.equal(excuseOf(call(startMs, endMs), excuses), expected, what)
  const lasting: Excuse = { of: 'replica', fromMs: 40_000, untilMs: Infinity }
  t.equal(excuseOf(call(50_000, 50_001), [lasting]), 'replica', 'an outage that lasts')
  t.equal(excuseOf(call(39_000, 39_999), [lasting]), undefined, 'and has not begun')
})

await test('a killed replica explains broken calls of the API server, and nothing else', async t => {
  const during = [9_900, 10_100] as const
  t.equal(excuseOf(call(...during, 0, 'ECONNREFUSED'), [killed]), undefined, 'no answer at all')
  t.equal(excuseOf(call(...during, 500, 'etcdserver: timed out'), [killed]), undefined, 'another error')
  t.equal(excuseOf(call(...during, 504), [killed]), undefined, 'another status')
  t.equal(excuseOf(call(...during, 200, ''), [killed]), 'replica', 'what was let through')
  t.equal(excuseOf(call(...during, 201, ''), [killed]), 'replica')
  for (const [status, message] of [
    [0, 'ECONNREFUSED'],
    [503, 'apiserver is shutting down'],
    [404, '']
  ] as const)
    t.equal(excuseOf(call(25_000, 25_001, status, message), excuses), 'API server', `${status} ${message}`)
})

const PASS: Wanted = { what: 'pass' }
const REFUSAL: Wanted = { what: 'refusal', rules: ['pool-overlap', 'pool-provider-network'] }
const OPEN: Wanted = { ...REFUSAL, isLetThrough: true }
const CONTEND: Wanted = { what: 'contend', rules: ['pool-overlap'] }

await test('answers are judged by what the write wanted', async t => {
  const quiet = [5_000, 5_010] as const
  const cases = [
    [201, '', PASS, 'passed'],
    [200, '', PASS, 'passed'],
    [201, '', CONTEND, 'passed'],
    [201, '', REFUSAL, 'wronglyPassed'],
    [200, '', OPEN, 'wronglyPassed'],
    [403, `${DENIED}x [pool-overlap]`, REFUSAL, 'refused'],
    [403, `${DENIED}x [pool-provider-network]`, REFUSAL, 'refused'],
    [403, `${DENIED}x [pool-overlap]`, CONTEND, 'refused'],
    [403, `${DENIED}x [pool-syntax]`, REFUSAL, 'surprise'],
    [403, `${DENIED}x [pool-syntax]`, CONTEND, 'surprise'],
    [403, `${DENIED}x pool-overlap`, REFUSAL, 'surprise'],
    [403, `${DENIED}x [pool-overlap]`, PASS, 'surprise'],
    [500, `${DENIED}x [pool-overlap]`, REFUSAL, 'surprise'],
    [429, `${DENIED}again`, PASS, 'wait'],
    [429, `${DENIED}again`, REFUSAL, 'wait'],
    [429, `${DENIED}again`, CONTEND, 'deferred'],
    [429, `${DENIED}x [pool-overlap]\n${IN_FLIGHT_WORDS}`, CONTEND, 'refused'],
    [429, `${DENIED}x [pool-overlap]\n${IN_FLIGHT_WORDS}`, PASS, 'wait'],
    [429, `${DENIED}x [pool-overlap]\n${IN_FLIGHT_WORDS}`, REFUSAL, 'wait'],
    [503, `${DENIED}x [pool-overlap]\nThis could not be confirmed`, REFUSAL, 'wait'],
    [503, `${DENIED}x [pool-overlap]\nThis could not be confirmed`, CONTEND, 'deferred'],
    [403, `${DENIED}x [pool-overlap]\nThis could not be confirmed`, PASS, 'surprise'],
    [503, `${DENIED}no ledger`, PASS, 'surprise'],
    [503, `${DENIED}no ledger`, CONTEND, 'surprise'],
    [503, 'the server is overloaded', PASS, 'lost'],
    [500, BROKEN, PASS, 'lost'],
    [500, BROKEN, REFUSAL, 'lost'],
    [500, BROKEN, CONTEND, 'lost'],
    [0, 'ECONNRESET', PASS, 'lost'],
    [404, 'not found', PASS, 'surprise'],
    [409, 'conflict', CONTEND, 'surprise']
  ] as const
  for (const [status, message, wanted, expected] of cases) {
    const what = `${status} ${message} for ${wanted.what}`
    t.equal(verdictOn(call(...quiet, status, message), wanted, excuses), expected, what)
  }
})

await test('outages excuse what failed or was let through, and no rule that speaks', async t => {
  const kill = [10_000, 10_100] as const
  const away = [25_000, 25_100] as const
  const cases = [
    [kill, 500, BROKEN, PASS, 'excused'],
    [kill, 500, BROKEN, CONTEND, 'excused'],
    [kill, 0, 'ECONNRESET', PASS, 'lost'],
    [kill, 200, '', OPEN, 'excused'],
    [kill, 201, '', REFUSAL, 'wronglyPassed'],
    [kill, 503, `${DENIED}no ledger`, PASS, 'surprise'],
    [kill, 409, 'exists', PASS, 'surprise'],
    [away, 0, 'ECONNREFUSED', PASS, 'excused'],
    [away, 201, '', REFUSAL, 'wronglyPassed'],
    [away, 200, '', OPEN, 'excused'],
    [away, 409, 'exists, of the call before', PASS, 'excused'],
    [away, 503, `${DENIED}no ledger`, PASS, 'excused'],
    [away, 503, `${DENIED}no ledger [pool-overlap]`, PASS, 'excused'],
    [away, 403, `${DENIED}cannot be judged now [pool-overlap]`, PASS, 'excused'],
    [away, 403, `${DENIED}x [pool-overlap]`, PASS, 'surprise'],
    [away, 403, 'not yet ready to handle request', PASS, 'excused'],
    [away, 429, `${DENIED}again`, PASS, 'wait']
  ] as const
  for (const [[startMs, endMs], status, message, wanted, expected] of cases) {
    const what = `${status} ${message} for ${wanted.what} at ${startMs}`
    t.equal(verdictOn(call(startMs, endMs, status, message), wanted, excuses), expected, what)
  }
})

await test('what was stored is known to all replicas once none of them is without news of it', async t => {
  t.notOk(isSeen(1_000, 1_000 + SEEN_MS - 1, []))
  t.ok(isSeen(1_000, 1_000 + SEEN_MS, []))
  const silences = [{ fromMs: 100_000, untilMs: 110_000 }]
  t.notOk(isSeen(101_000, 109_000, silences), 'stored meanwhile')
  t.notOk(isSeen(101_000, 110_000 + SEEN_MS - 1, silences), 'until what was held back has come')
  t.ok(isSeen(101_000, 110_000 + SEEN_MS, silences))
  t.notOk(isSeen(100_000 - SEEN_MS, 109_000, silences), 'it may not have come before')
  t.ok(isSeen(100_000 - SEEN_MS - 1, 109_000, silences))
  const lasting = [...silences, { fromMs: 200_000, untilMs: Infinity }]
  t.ok(isSeen(101_000, 300_000, lasting))
  t.notOk(isSeen(201_000, 300_000, lasting))
})
