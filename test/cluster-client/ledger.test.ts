import { test } from 'tap'
import { haveComparableRevisions, RevisionOrder } from '../../src/cluster/revision-order.ts'
import { guardedObjects } from '../../src/cluster/guarded-objects.ts'
import { CollectorLoop } from '../../src/cluster/ledger-collector.ts'
import { configMapStore, LEDGER_KEY } from '../../src/cluster/ledger-store.ts'
import { liveReader } from '../../src/cluster/live-reader.ts'
import { startWatching } from '../../src/cluster/watcher.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { blankLedger, encodeLedger } from '../../src/ledger/codec.ts'
import type { Collected } from '../../src/ledger/collector.ts'
import { GUARDED_KINDS } from '../../src/ledger/guarded-claims.ts'
import {
  bookmark,
  clock,
  FAST,
  openWatch,
  pool,
  sendEvent,
  sendJson,
  sendList,
  sendStatus,
  sleepMs,
  startFake,
  until
} from './fake-api-server.ts'
import type { Call, Script } from './fake-api-server.ts'

function configMap(data?: object, resourceVersion = '7') {
  return { kind: 'ConfigMap', metadata: { name: 'poolguard-ledger', uid: 'u-1', resourceVersion }, data }
}

const LEDGER = { ...blankLedger({ version: '7', lineage: 'u-1' }), isBlank: false }

await test('the ledger is read by quorum, and everything else is told apart', async t => {
  let answer: (call: Call) => void = call => sendJson(call, 200, configMap())
  const { fake, api } = await startFake(t, { object: call => answer(call) })
  const store = configMapStore(api, 'poolguard')
  t.match(await store.read(), { ok: true, ledger: { version: '7', lineage: 'u-1', isBlank: true } })
  t.equal(fake.calls[0]?.path, '/api/v1/namespaces/poolguard/configmaps/poolguard-ledger')
  t.equal(fake.calls[0]?.query.size, 0, 'no resourceVersion: not from a cache')
  answer = call => sendJson(call, 200, configMap({ [LEDGER_KEY]: encodeLedger(LEDGER) }))
  t.strictSame(await store.read(), { ok: true, ledger: LEDGER })
  const problem = async (send: (call: Call) => void) => {
    answer = send
    const read = await store.read()
    return read.ok ? 'read' : read.problem
  }
  t.equal(await problem(call => sendStatus(call, 404, 'NotFound')), 'missing')
  t.equal(await problem(call => sendStatus(call, 403, 'Forbidden')), 'unreachable')
  t.equal(await problem(call => sendStatus(call, 500, 'InternalError')), 'unreachable')
  t.equal(await problem(call => call.socket.resetAndDestroy()), 'unreachable')
  t.equal(await problem(call => sendJson(call, 200, { metadata: {} })), 'unreachable')
  t.equal(await problem(call => sendJson(call, 200, configMap({ [LEDGER_KEY]: 7 }))), 'corrupt')
  t.equal(await problem(call => sendJson(call, 200, configMap({ [LEDGER_KEY]: '{' }))), 'corrupt')
})

await test('a put compares the version, and an outcome that is not certain is unknown', async t => {
  let answer: (call: Call) => void = call => sendJson(call, 200, configMap({}, '8'))
  const bodies: unknown[] = []
  const { fake, api } = await startFake(t, {
    async object(call) {
      bodies.push(JSON.parse(await call.body()))
      answer(call)
    }
  })
  const store = configMapStore(api, 'poolguard')
  t.equal(await store.put(LEDGER), 'stored')
  t.equal(fake.calls[0]?.method, 'PATCH')
  t.match(fake.calls[0]?.headers, { 'content-type': 'application/merge-patch+json' })
  t.strictSame(bodies[0], {
    metadata: { resourceVersion: '7' },
    data: { [LEDGER_KEY]: encodeLedger(LEDGER) }
  })
  const outcome = (send: (call: Call) => void, version = '7') => {
    answer = send
    return store.put({ ...LEDGER, version })
  }
  t.equal(await outcome(call => sendStatus(call, 409, 'Conflict')), 'conflict')
  t.equal(await outcome(call => sendStatus(call, 404, 'NotFound')), 'conflict', 'deleted')
  for (const status of [400, 403, 422, 429, 500, 502, 504])
    t.equal(await outcome(call => sendStatus(call, status, 'X')), 'unknown', String(status))
  t.equal(await outcome(call => call.socket.resetAndDestroy()), 'unknown', 'no answer')
  t.equal(await outcome(() => {}), 'unknown', 'no answer in time')
  const before = fake.calls.length
  t.equal(await outcome(call => sendJson(call, 201, configMap({}, '9')), ''), 'stored')
  t.match(fake.calls[before], { method: 'POST', path: '/api/v1/namespaces/poolguard/configmaps' })
  t.equal(await outcome(call => sendStatus(call, 409, 'AlreadyExists'), ''), 'conflict')
})

await test('revisions compare when two lists say so, else not', async t => {
  let revisions: string[] = []
  const { api } = await startFake(t, {
    list: call =>
      sendJson(call, 200, { kind: 'List', metadata: { resourceVersion: revisions.shift() }, items: [] })
  })
  const say = (...said: string[]) => {
    revisions = said
    return haveComparableRevisions(api)
  }
  t.equal(await say('9', '9'), true)
  t.equal(await say('9', '10'), true)
  t.equal(await say('10', '9'), false)
  t.equal(await say('a', '9'), false)
  t.equal(await say('9'), false)
})

await test('an API server that does not answer is asked again whether revisions compare, until it does', async t => {
  let isUp = false
  let revision = 9
  const { fake, api } = await startFake(t, {
    list: call => (isUp ? sendList(call, [], revision++) : sendStatus(call, 503, 'ServiceUnavailable'))
  })
  t.equal(await haveComparableRevisions(api), undefined, 'nothing is known')
  const told: boolean[] = []
  const askAgain = { minMs: 10, maxMs: 40 }
  const order = new RevisionOrder({ api, clock, askAgain, answered: are => void told.push(are) })
  const { length } = fake.calls
  await sleepMs(200)
  const asked = fake.calls.length - length
  t.ok(asked >= 4 && asked <= 12, `${asked} times, less and less often`)
  t.same([order.areComparable, told], [undefined, []])
  isUp = true
  await until(() => order.areComparable === true, 'the answer')
  const { length: calls } = fake.calls
  await sleepMs(100)
  t.equal(fake.calls.length, calls, 'and not again')
  t.strictSame(told, [true])
  revision = 9
  fake.script = { list: call => sendList(call, [], revision--) }
  const backwards = new RevisionOrder({ api, clock, answered: are => void told.push(are) })
  await until(() => backwards.areComparable === false, 'another answer')
  t.strictSame(told, [true, false])
  fake.script = { list: call => sendStatus(call, 503, 'ServiceUnavailable') }
  const stopped = new RevisionOrder({ api, clock, askAgain, answered: are => void told.push(are) })
  stopped.stop()
  fake.script = { list: call => sendList(call, [], revision++) }
  await sleepMs(100)
  t.equal(stopped.areComparable, undefined)
})

await test('the objects say up to which revision they are known, and are brought up to date', async t => {
  let watch: Call | undefined
  let listed = 100
  const script: Script = {
    list: call => sendList(call, call.path.includes('ipaddresspools') ? [pool('a', 90)] : [], listed),
    watch(call) {
      openWatch(call)
      if (call.path.includes('ipaddresspools')) watch = call
    },
    object: call => sendJson(call, 200, pool('a', 120))
  }
  const { fake, api } = await startFake(t, script)
  const inventory = new Inventory()
  const watcher = startWatching({ api, inventory, kinds: GUARDED_KINDS, clock, timings: FAST, log: () => {} })
  t.teardown(() => watcher.stop())
  await watcher.synced()
  const read = liveReader({ api, watcher, clock })
  const objects = guardedObjects({
    inventory,
    watcher,
    read,
    areRevisionsComparable: () => true
  })
  t.equal(objects.revision('IPAddressPool'), 100n)
  t.equal(objects.revision('Service'), undefined, 'is not watched')
  await until(() => watch !== undefined, 'a watch')
  if (watch !== undefined) sendEvent(watch, 'MODIFIED', pool('a', 105))
  await until(() => objects.revision('IPAddressPool') === 105n, 'an event')
  if (watch !== undefined) sendEvent(watch, 'BOOKMARK', bookmark(110))
  await until(() => objects.revision('IPAddressPool') === 110n, 'a bookmark')
  listed = 130
  t.equal(await objects.list(['IPAddressPool', 'Subnet']), true)
  t.same([objects.revision('IPAddressPool'), objects.revision('Subnet')], [130n, 130n])
  t.equal(objects.revision('OvnEip'), 100n)
  const ref = (name: string) => ({ kind: 'IPAddressPool', namespace: 'metallb-system', name })
  const key = 'IPAddressPool/metallb-system/a'
  t.match((await objects.stored([ref('a')])).get(key), { uid: String, revision: 120n })
  t.match(
    inventory.get('IPAddressPool', 'metallb-system', 'a')?.meta,
    { resourceVersion: '120' },
    'in the view too'
  )
  fake.script = { ...script, object: call => sendStatus(call, 404, 'NotFound', { name: 'a' }) }
  t.equal((await objects.stored([ref('a')])).get(key), null)
  fake.script = { object: call => sendStatus(call, 500, 'X'), list: call => sendStatus(call, 500, 'X') }
  t.equal((await objects.stored([ref('a')])).has(key), false)
  t.equal(await objects.list(['IPAddressPool']), false)
})

await test('the collector runs by time, and soon after a change while claims are left', async t => {
  let rounds = 0
  let inFlight = 0
  const collect = async (): Promise<Collected> => {
    rounds += 1
    return { problem: undefined, inFlight, stored: 0, expired: 0 }
  }
  const told: Collected[] = []
  const loop = new CollectorLoop({
    collect,
    clock,
    told: one => void told.push(one),
    everyMs: 10_000,
    settleMs: 5
  })
  t.teardown(() => loop.stop())
  await until(() => told.length === 1, 'the first round at once')
  loop.changed()
  loop.claimed()
  inFlight = 1
  loop.changed()
  loop.changed()
  await until(() => told.length === 2, 'a round after a claim')
  loop.changed()
  await until(() => told.length === 3, 'a round while claims are left')
  t.equal(rounds, 3)
  await loop.stop()
  loop.changed()
  const often = new CollectorLoop({ collect, clock, told: () => {}, everyMs: 5 })
  await until(() => rounds > 6, 'rounds by time')
  await often.stop()
})
