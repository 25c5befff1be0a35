import { test } from 'tap'
import { configMapStore, LEDGER_KEY } from '../../src/cluster/ledger-store.ts'
import { liveReader, type LiveReader } from '../../src/cluster/live-reader.ts'
import type { KindStore } from '../../src/cluster/kind-store.ts'
import { startWatching } from '../../src/cluster/watcher.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'
import { blankLedger, encodeLedger } from '../../src/ledger/codec.ts'
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
  until,
  type Call,
  type FakeApiServer,
  type Harness,
  type Script
} from './fake-api-server.ts'

/** A server whose storage can be put back, and a client that follows its pools. */
interface Restored {
  readonly fake: FakeApiServer
  readonly inventory: Inventory
  readonly read: LiveReader
  readonly store: KindStore
  /** What is stored now. */
  readonly storage: { revision: number; pools: readonly object[] }
  readonly names: () => string
  readonly states: string[]
  readonly stop: () => Promise<void>
}

const ALL: ObjectRef = { kind: 'IPAddressPool', namespace: '', name: '' }
const X: ObjectRef = { kind: 'IPAddressPool', namespace: 'metallb-system', name: 'x' }

/** Pools `a` and `b` in a list at revision 1000, and an open watch. */
async function start(t: Harness, script: Script = {}, onChange = () => {}): Promise<Restored> {
  const storage: Restored['storage'] = { revision: 1000, pools: [pool('a', 90), pool('b', 900)] }
  const list = (call: Call) => sendList(call, storage.pools, storage.revision)
  const { fake, api } = await startFake(t, { list, revision: list, ...script })
  const inventory = new Inventory()
  const states: string[] = []
  const watcher = startWatching({
    api,
    inventory,
    clock,
    kinds: ['IPAddressPool'],
    timings: FAST,
    onChange,
    log: ({ state }) => states.push(state)
  })
  t.teardown(() => watcher.stop())
  await watcher.synced()
  await until(() => fake.of('watch').length === 1, 'the watch')
  const store = watcher.watched('IPAddressPool')?.store
  if (store === undefined) throw new Error('it is watched')
  const names = () =>
    [...inventory.list('IPAddressPool')]
      .map(({ meta }) => meta.name)
      .toSorted()
      .join(' ')
  const read = liveReader({ api, watcher, clock })
  return { fake, inventory, storage, store, names, states, read, stop: () => watcher.stop() }
}

/** As after a restore: `b` is not there yet, and `x` is written by somebody. */
function restore({ storage }: Restored): void {
  storage.revision = 520
  storage.pools = [pool('a', 90), pool('x', 510)]
}

await test('a list that is older than what was known when it was begun takes the place of everything', async t => {
  const restored = await start(t)
  const { store, names, states, fake } = restored
  restore(restored)
  t.strictSame(await restored.read([ALL]), [])
  t.equal(names(), 'a x')
  t.same([store.revision, store.timesReplacedByOlder], [520n, 1])
  await until(() => fake.of('watch').length === 2, 'a watch from the new list')
  t.equal(fake.of('list').length, 3, 'the kind is listed anew')
  t.equal(fake.of('watch')[1]?.query.get('resourceVersion'), '520')
  t.strictSame(states, ['synced', 'failing', 'synced'], 'which is told')
  restored.storage.revision = 530
  restored.storage.pools = [pool('a', 530)]
  t.strictSame(await restored.read([ALL]), [])
  t.same([names(), store.revision, store.timesReplacedByOlder], ['a', 530n, 1], 'and goes on from there')
})

await test('what events and bookmarks told counts as known', async t => {
  const restored = await start(t, { watch: call => openWatch(call) })
  const { store, fake, names } = restored
  const [watch] = fake.of('watch')
  if (watch !== undefined) sendEvent(watch, 'BOOKMARK', bookmark(2000))
  await until(() => store.revision === 2000n, 'the bookmark')
  restored.storage.revision = 1500
  restored.storage.pools = [pool('a', 90), pool('x', 1400)]
  t.strictSame(await restored.read([ALL]), [])
  t.same([names(), store.revision], ['a x', 1500n])
})

await test('of lists that are under way at the same time the older one proves nothing', async t => {
  const restored = await start(t)
  const { store, names, fake, storage } = restored
  const held: (() => void)[] = []
  fake.script = { ...fake.script, list: call => void held.push(answerLater(call, storage)) }
  const first = restored.read([ALL])
  await until(() => held.length === 1, 'the first')
  storage.revision = 1100
  storage.pools = [pool('a', 90), pool('b', 900), pool('c', 1100)]
  const second = restored.read([ALL])
  await until(() => held.length === 2, 'the second')
  held[1]?.()
  t.strictSame(await second, [])
  held[0]?.()
  t.strictSame(await first, [])
  t.same([names(), store.revision, store.timesReplacedByOlder], ['a b c', 1100n, 0])
  t.equal(fake.of('watch').length, 1)
})

await test('a read that was begun before the storage went back is not believed after it', async t => {
  const restored = await start(t)
  const { store, names, fake, storage } = restored
  const held: (() => void)[] = []
  const { list } = fake.script
  fake.script = {
    ...fake.script,
    list: call => void held.push(answerLater(call, storage)),
    object: call => void held.push(() => sendJson(call, 200, pool('b', 1001, ['10.9.9.9'])))
  }
  const reads = [
    restored.read([ALL]),
    restored.read([{ ...X, name: 'b' }]),
    restored.read([{ ...X, name: 'z' }])
  ]
  await until(() => held.length === 3, 'reads of the old storage')
  restore(restored)
  fake.script = { ...fake.script, ...(list === undefined ? {} : { list }) }
  t.strictSame(await restored.read([ALL]), [])
  for (const answer of held) answer()
  for (const unread of await Promise.all(reads)) t.match(unread, [{ error: { message: /went back/ } }])
  t.same([names(), store.timesReplacedByOlder], ['a x', 1])
  await until(() => fake.of('watch').length === 2, 'a watch')
  t.equal(names(), 'a x')
})

await test('an object that is older than its kind was when it was not there yet tells it too', async t => {
  const restored = await start(t, { object: call => sendJson(call, 200, pool('x', 510)) })
  const { store, fake, inventory, storage } = restored
  restore(restored)
  const held: (() => void)[] = []
  fake.script = { ...fake.script, list: call => void held.push(answerLater(call, storage)) }
  t.match(await restored.read([X]), [{ error: { message: /went back/ } }])
  t.equal(inventory.known('IPAddressPool'), false, 'unknown until it is listed')
  t.equal(store.revision, undefined)
  t.match(await restored.read([X]), [{ error: { message: /went back/ } }], 'nothing to compare it with yet')
  await until(() => held.length === 1, 'the list')
  held[0]?.()
  await until(() => inventory.known('IPAddressPool'), 'known again')
  t.same([restored.names(), store.revision, store.timesReplacedByOlder], ['a x', 520n, 1])
  t.strictSame(await restored.read([X]), [])
})

await test('a list of one namespace that is older makes the kind unknown until all of it is listed', async t => {
  const restored = await start(t)
  restore(restored)
  const one = { ...ALL, namespace: 'metallb-system' }
  t.match(await restored.read([one]), [{ error: { message: /went back/ } }])
  t.equal(restored.inventory.known('IPAddressPool'), false)
  await until(() => restored.names() === 'a x' && restored.inventory.known('IPAddressPool'), 'the list')
})

await test('a watch that is opened anew is believed once the storage says that it has got so far', async t => {
  let isAway = false
  const restored = await start(t)
  const { fake, store, storage, names } = restored
  fake.script = {
    ...fake.script,
    revision: call =>
      isAway ? sendStatus(call, 500, 'InternalError') : sendList(call, storage.pools, storage.revision)
  }
  isAway = true
  fake.of('watch')[0]?.response.end()
  await until(() => fake.of('revision').length >= 3, 'asked again and again')
  t.equal(store.revision, undefined, 'nobody knows yet')
  t.equal(fake.of('watch').length, 2)
  t.strictSame(Object.fromEntries(fake.of('revision')[0]?.query ?? []), { limit: '1' })
  isAway = false
  await until(() => store.revision === 1000n, 'the answer')
  const asked = fake.of('revision').length
  await sleepMs(100)
  t.equal(fake.of('revision').length, asked, 'once')

  restore(restored)
  fake.of('watch')[1]?.socket.destroy()
  await until(() => names() === 'a x', 'what the watch would never have told')
  await until(() => fake.of('watch').at(-1)?.query.get('resourceVersion') === '520', 'a watch from there')
  t.equal(store.timesReplacedByOlder, 1)
})

await test('a bookmark that is older than where its watch began makes it ask', async t => {
  const restored = await start(t)
  const { fake, names } = restored
  restore(restored)
  const [watch] = fake.of('watch')
  if (watch !== undefined) sendEvent(watch, 'BOOKMARK', bookmark(520))
  await until(() => names() === 'a x', 'the list', FAST.idleMs / 2)
})

await test('nothing that comes on a watch is believed once the storage has gone back', async t => {
  let changed = () => {}
  const { fake, store, inventory } = await start(t, {}, () => changed())
  const seen = new Set<string>()
  changed = () => {
    for (const { meta } of inventory.list('IPAddressPool')) seen.add(meta.name)
    if (seen.has('c') && store.timesReplacedByOlder === 0) store.goBack()
  }
  const lines = ['c', 'd'].map((name, i) => JSON.stringify({ type: 'ADDED', object: pool(name, 1001 + i) }))
  fake.of('watch')[0]?.response.write(`${lines.join('\n')}\n`)
  await until(() => fake.of('watch').length === 2, 'a watch')
  t.strictSame([...seen].toSorted(), ['a', 'b', 'c'])
})

await test('nothing is told once the watches are stopped', async t => {
  const restored = await start(t)
  await restored.stop()
  restore(restored)
  await restored.read([ALL])
  t.strictSame(restored.states, ['synced'])
})

await test('a list of the watch itself that is older is told of like others', async t => {
  const restored = await start(t)
  const { fake, names, store, states, storage } = restored
  restore(restored)
  const [watch] = fake.of('watch')
  if (watch !== undefined) sendEvent(watch, 'ERROR', { kind: 'Status', code: 410, message: 'too old' })
  await until(() => names() === 'a x', 'the list')
  t.strictSame(states, ['synced', 'synced', 'failing', 'synced'])
  storage.revision = 530
  t.strictSame(await restored.read([ALL]), [])
  t.same([store.revision, store.timesReplacedByOlder], [530n, 1])
})

await test('a list of the watch that was begun before the storage went back is not believed', async t => {
  const restored = await start(t)
  const { fake, names, storage } = restored
  const { list = () => {} } = fake.script
  const held: (() => void)[] = []
  fake.script = { ...fake.script, list: call => void held.push(answerLater(call, storage)) }
  const [watch] = fake.of('watch')
  if (watch !== undefined) sendEvent(watch, 'ERROR', { kind: 'Status', code: 410, message: 'too old' })
  await until(() => held.length === 1, 'a list of the old storage')
  fake.script = { ...fake.script, list }
  restore(restored)
  t.strictSame(await restored.read([ALL]), [])
  held[0]?.()
  await until(() => fake.of('watch').length === 2, 'a watch')
  t.equal(fake.of('watch')[1]?.query.get('resourceVersion'), '520')
  t.equal(names(), 'a x')
})

await test('a ledger of an earlier version has gone back when it was asked for after the later one was known', async t => {
  let version = 900
  let uid = 'u-1'
  let held: (() => void)[] | undefined
  const { api } = await startFake(t, {
    object(call) {
      const then = configMapOf({ version, uid })
      if (held === undefined) sendJson(call, 200, then)
      else held.push(() => sendJson(call, 200, then))
    }
  })
  const store = configMapStore(api, 'poolguard')
  const read = async () => {
    const said = await store.read()
    return said.ok ? `${said.ledger.version}${said.hasGoneBack === true ? ' back' : ''}` : said.problem
  }
  t.equal(await read(), '900')
  held = []
  const first = read()
  await until(() => held?.length === 1, 'the first')
  version = 910
  const second = read()
  await until(() => held?.length === 2, 'the second')
  held[1]?.()
  t.equal(await second, '910')
  held[0]?.()
  t.equal(await first, '900', 'it was merely overtaken')
  held = undefined
  version = 905
  t.equal(await read(), '905 back')
  t.equal(await read(), '905', 'said once')
  version = 1000
  t.equal(await store.put({ ...blankLedger({ version: '905', lineage: 'u-1' }), isBlank: false }), 'stored')
  version = 990
  t.equal(await read(), '990 back', 'than what was written')
  version = 10
  uid = 'u-2'
  t.equal(await read(), '10', 'another ConfigMap')
})

await test('a blank ledger is the first one when it is as old as its namespace, and young', async t => {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  let made = { ledger: ago(10), namespace: ago(20) }
  let status = 200
  let data: object | undefined
  const { api, fake } = await startFake(t, {
    object(call) {
      if (call.path.endsWith('/poolguard-ledger'))
        return sendJson(call, 200, configMapOf({ version: 7, createdAt: made.ledger, data }))
      if (status !== 200) return sendStatus(call, status, 'X')
      sendJson(call, 200, { metadata: { name: 'poolguard', creationTimestamp: made.namespace } })
    }
  })
  const store = configMapStore(api, 'poolguard')
  const isFirst = async (ledger: string, namespace: string) => {
    made = { ledger, namespace }
    const said = await store.read()
    return said.ok ? said.isFirst === true : said.problem
  }
  t.equal(await isFirst(ago(10), ago(20)), true)
  t.equal(fake.calls[1]?.path, '/api/v1/namespaces/poolguard')
  t.equal(await isFirst(ago(500), ago(555)), true)
  t.equal(await isFirst(ago(10), ago(75)), false, 'another may have been there')
  t.equal(await isFirst(ago(700), ago(701)), false, 'it may have been written and emptied')
  t.equal(await isFirst('', ago(5)), false)
  t.equal(await isFirst(ago(5), ''), false)
  status = 503
  t.equal(await isFirst(ago(10), ago(20)), 'unreachable', 'nobody knows')
  status = 403
  t.equal(await isFirst(ago(10), ago(20)), false)
  const before = fake.calls.length
  data = { [LEDGER_KEY]: encodeLedger(blankLedger({ version: '7', lineage: 'u-1' })) }
  t.equal(await isFirst(ago(10), ago(20)), false, 'it is not blank')
  t.equal(fake.calls.length, before + 1, 'and nobody asks')
})

/** Answers with what is stored now. */
function answerLater(call: Call, { pools, revision }: Restored['storage']): () => void {
  return () => sendList(call, pools, revision)
}

function configMapOf(about: {
  version: number
  uid?: string
  createdAt?: string
  data?: object | undefined
}): object {
  const { version, uid = 'u-1', createdAt, data } = about
  const metadata = { name: 'poolguard-ledger', uid, resourceVersion: String(version) }
  return {
    kind: 'ConfigMap',
    metadata: createdAt === undefined ? metadata : { ...metadata, creationTimestamp: createdAt },
    data:
      data ??
      (createdAt === undefined
        ? { [LEDGER_KEY]: encodeLedger(blankLedger({ version: '', lineage: '' })) }
        : undefined)
  }
}
