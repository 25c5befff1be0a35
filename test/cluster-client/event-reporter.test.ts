import { test } from 'tap'
import { isRecord } from '../../src/kinds/decode.ts'
import type { EventFacts } from '../../src/cluster/event.ts'
import { EventReporter, type EventTimings } from '../../src/cluster/event-reporter.ts'
import {
  clock,
  sendJson,
  sendStatus,
  sleepMs,
  startFake,
  until,
  type Call,
  type FakeApiServer,
  type Harness,
  type Script
} from './fake-api-server.ts'

const FAST: EventTimings = { settleMs: 5, roundMs: 40, retryMs: 100, mostInRound: 3 }

function fact(name: string, note = `about ${name}`): EventFacts {
  const regarding = { apiVersion: 'v1', kind: 'Node', name: 'node1', uid: 'uid-1' }
  return { name, regarding, reason: 'NodeAddressInPool', action: 'AddressCheck', note }
}

interface Running {
  readonly fake: FakeApiServer
  readonly reporter: EventReporter
  /** Facts as they are now; tests change them. */
  readonly facts: { now: readonly EventFacts[] | undefined }
  /** `NAME OUTCOME` of every attempt. */
  readonly told: string[]
  /** Looks at the facts so far. */
  readonly looks: () => number
}

/** Stores what it is sent, unless it is there: as the API server does. */
function storing(): NonNullable<Script['object']> {
  const stored = new Set<string>()
  return async call => {
    const name = await nameOf(call)
    if (stored.has(name)) return sendStatus(call, 409, 'AlreadyExists')
    stored.add(name)
    return sendJson(call, 201, {})
  }
}

async function sent(call: Call): Promise<Record<string, unknown>> {
  const json: unknown = JSON.parse(await call.body())
  return isRecord(json) ? json : {}
}

async function nameOf(call: Call): Promise<string> {
  const { metadata } = await sent(call)
  return isRecord(metadata) ? String(metadata['name']) : ''
}

async function start(t: Harness, script: Script = { object: storing() }): Promise<Running> {
  const { fake, api } = await startFake(t, script)
  const facts: Running['facts'] = { now: [] }
  const told: string[] = []
  let looks = 0
  const reporter = new EventReporter({
    api,
    clock,
    instance: 'poolguard-test',
    now: () => new Date('2026-11-25T10:00:00.123Z'),
    find: () => {
      looks += 1
      return facts.now
    },
    told: ({ name }, outcome) =>
      void told.push(`${name} ${typeof outcome === 'string' ? outcome : outcome.status}`),
    timings: FAST
  })
  t.teardown(() => reporter.stop())
  return { fake, reporter, facts, told, looks: () => looks }
}

await test('an Event is what events.k8s.io/v1 takes, in default, and its note is cut', async t => {
  let body: Record<string, unknown> = {}
  const { fake, reporter, facts, told } = await start(t, {
    object: async call => {
      body = await sent(call)
      sendJson(call, 201, {})
    }
  })
  facts.now = [fact('a', 'ü'.repeat(700))]
  reporter.changed()
  await until(() => told.length === 1, 'told')
  const [call] = fake.calls
  t.equal(`${call?.method} ${call?.path}`, 'POST /apis/events.k8s.io/v1/namespaces/default/events')
  t.match(body, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'default' },
    eventTime: '2026-11-25T10:00:00.123000Z',
    reportingController: 'poolguard.io/poolguard',
    reportingInstance: 'poolguard-test',
    type: 'Warning',
    regarding: { apiVersion: 'v1', kind: 'Node', name: 'node1', uid: 'uid-1' },
    reason: 'NodeAddressInPool',
    action: 'AddressCheck'
  })
  t.ok(Buffer.byteLength(String(body['note'])) <= 1024)
  t.match(body['note'], /^ü{500,}.?…$/)
})

await test('a fact is told once, by whichever replica is first, and again when it comes back', async t => {
  const { fake, reporter, facts, told } = await start(t)
  facts.now = [fact('a')]
  reporter.changed()
  await until(() => told.length === 1, 'told')
  facts.now = [fact('a'), fact('b')]
  reporter.changed()
  await until(() => told.length === 2, 'the new one')
  t.same(told, ['a created', 'b created'])
  facts.now = [fact('b')]
  reporter.changed()
  await sleepMs(FAST.roundMs * 2)
  facts.now = [fact('a'), fact('b')]
  reporter.changed()
  await until(() => told.length === 3, 'the one that came back')
  t.equal(told[2], 'a exists')
  await sleepMs(FAST.roundMs * 2)
  t.equal(fake.calls.length, 3, 'and no more')
})

await test('many changes are one look, and many facts come in rounds', async t => {
  const { reporter, facts, told, looks } = await start(t)
  facts.now = Array.from({ length: 7 }, (_, i) => fact(`f${i}`))
  const beganMs = clock.nowMs()
  for (let i = 0; i < 1_000; i++) reporter.changed()
  await until(() => told.length === FAST.mostInRound, 'the first round')
  t.equal(looks(), 1)
  await until(() => told.length === 7, 'the last round')
  t.equal(looks(), 3)
  t.ok(clock.nowMs() - beganMs >= 2 * FAST.roundMs - 5, 'rounds keep their distance')
  await sleepMs(FAST.roundMs * 2)
  t.equal(looks(), 3, 'nothing is looked at while nothing changes')
})

await test('nothing is told while kinds are not known', async t => {
  const { fake, reporter, facts, looks } = await start(t)
  facts.now = undefined
  reporter.changed()
  await until(() => looks() === 1, 'a look')
  await sleepMs(FAST.retryMs)
  t.equal(fake.calls.length, 0)
  t.equal(looks(), 1)
})

await test('a failure is told of and tried again; one that is about a single Event stops no other', async t => {
  let refusing = true
  const calledMs: number[] = []
  const { reporter, facts, told } = await start(t, {
    object: call => {
      calledMs.push(clock.nowMs())
      if (refusing) return sendStatus(call, 403, 'Forbidden')
      return void nameOf(call).then(name =>
        name === 'odd' ? sendStatus(call, 422, 'Invalid') : sendJson(call, 201, {})
      )
    }
  })
  facts.now = [fact('odd'), fact('b')]
  reporter.changed()
  await until(() => told.length === 1, 'the refusal')
  refusing = false
  await until(() => told.length === 3, 'another attempt')
  const [refusedMs = 0, againMs = 0] = calledMs
  t.ok(againMs - refusedMs >= FAST.retryMs - 10, 'not at once')
  t.same(told, ['odd 403', 'odd 422', 'b created'])
  await sleepMs(FAST.retryMs * 1.5)
  t.equal(told.length, 3, 'what is never taken is not asked again')
})

await test('stop() ends what is on its way, and nothing comes after it', async t => {
  const { fake, reporter, facts, told } = await start(t, { object: () => {} })
  facts.now = [fact('a')]
  reporter.changed()
  await until(() => fake.calls.length === 1, 'asked')
  await reporter.stop()
  reporter.changed()
  await sleepMs(FAST.roundMs * 2)
  t.equal(fake.calls.length, 1)
  t.same(told, [])
})
