import { writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { generate } from 'selfsigned'
import { test } from 'tap'
import { ClusterError } from '../../src/cluster/cluster-error.ts'
import { connect, type ApiServer } from '../../src/cluster/connect.ts'
import { servedVersion } from '../../src/cluster/discovery.ts'
import { liveReader, type LiveReader } from '../../src/cluster/live-reader.ts'
import { objectPath } from '../../src/cluster/resource-path.ts'
import { startWatching, type Watcher } from '../../src/cluster/watcher.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'
import {
  clock,
  failureOf,
  FAST,
  FakeApiServer,
  kubeconfig,
  openWatch,
  pool,
  resourceList,
  sendEvent,
  sendJson,
  sendList,
  sendStatus,
  sleepMs,
  startFake,
  until,
  type Harness,
  type Script
} from './fake-api-server.ts'

const timeoutMs = 2000

await test('request() sends what it is asked to, over one connection', async t => {
  const { fake, api } = await startFake(t, {
    async object(call) {
      sendJson(call, 201, { method: call.method, text: await call.body() }, { 'X-Thing': 'a' })
    }
  })
  for (let i = 0; i < 5; i++) {
    const answer = await api.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/a%20b/configmaps/c',
      query: { fieldManager: 'x y', force: 'true' },
      body: { größe: 1 },
      contentType: 'application/apply-patch+yaml',
      timeoutMs
    })
    t.equal(answer.status, 201)
    t.equal(answer.headers.get('x-thing'), 'a')
    t.same(answer.json, { method: 'PATCH', text: '{"größe":1}' })
  }
  t.equal(fake.connections, 1)
  const [call] = fake.calls
  t.equal(call?.path, '/api/v1/namespaces/a%20b/configmaps/c')
  t.strictSame(
    [...(call?.query ?? [])],
    [
      ['fieldManager', 'x y'],
      ['force', 'true']
    ]
  )
  t.match(call?.headers, {
    authorization: 'Bearer secret',
    'user-agent': 'poolguard',
    accept: 'application/json',
    'content-type': 'application/apply-patch+yaml',
    'content-length': '13'
  })
})

await test('request() answers every HTTP status as a value, and no answer as a ClusterError', async t => {
  const { fake, api } = await startFake(t, {
    object(call) {
      if (call.nth === 1) sendStatus(call, 409, 'Conflict')
      if (call.nth === 2) call.response.writeHead(502).end('<html>')
      if (call.nth === 3) call.socket.resetAndDestroy()
      if (call.nth === 4) {
        call.response.writeHead(200, { 'content-length': '100' })
        call.response.write('{"half":')
        setTimeout(() => call.socket.destroy(), 10)
      }
      if (call.nth === 6) {
        call.response.writeHead(200)
        call.response.write('{"half":')
      }
    }
  })
  const post = (limits: { timeoutMs: number; signal?: AbortSignal }) =>
    api.request({ method: 'POST', path: '/api/v1/namespaces/a/configmaps', body: {}, ...limits })
  t.match(await post({ timeoutMs }), { status: 409, json: { reason: 'Conflict' } })
  t.match(await post({ timeoutMs }), { status: 502, json: undefined })
  t.match(await failureOf(post({ timeoutMs })), { name: 'ClusterError', status: 0, reason: 'connection' })
  t.match(await failureOf(post({ timeoutMs })), { name: 'ClusterError', status: 0, reason: 'connection' })
  t.match(await failureOf(post({ timeoutMs: 30 })), {
    status: 0,
    reason: 'timeout',
    message: 'no answer within 30 ms'
  })
  t.match(await failureOf(post({ timeoutMs: 30 })), { status: 0, reason: 'timeout' })
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 20)
  t.match(await failureOf(post({ timeoutMs, signal: controller.signal })), { status: 0, reason: 'stopped' })
  t.match(await failureOf(post({ timeoutMs, signal: controller.signal })), { status: 0, reason: 'stopped' })
  t.equal(fake.calls.length, 7)
  await until(() => fake.sockets.size <= 1, 'abandoned connections closed')
})

await test('request() repeats a read, but no write, when the kept-alive connection was just closed', async t => {
  const { fake, api } = await startFake(t, {
    object(call) {
      // an HTTP server that gives up an idle connection does so while the next request is on its way
      if (call.nth % 2 === 0) call.socket.resetAndDestroy()
      else sendJson(call, 200, {})
    }
  })
  const send = (method: 'GET' | 'PUT') => api.request({ method, path: '/api/v1/namespaces/a', timeoutMs })
  t.equal((await send('GET')).status, 200)
  t.equal((await send('GET')).status, 200)
  t.equal(fake.calls.length, 3)
  t.match(await failureOf(send('PUT')), { status: 0, reason: 'connection' })
  t.equal(fake.calls.length, 4)
})

await test('connect() reads a rotated token after a 401', async t => {
  const fake = new FakeApiServer({
    object: call =>
      call.headers.authorization === 'Bearer new'
        ? sendJson(call, 200, {})
        : sendStatus(call, 401, 'Unauthorized')
  })
  t.teardown(() => fake.close())
  const server = `http://127.0.0.1:${await fake.listen()}`
  const folder = t.testdir({ config: '', token: 'old\n' })
  // what client-node makes of the ServiceAccount folder in a Pod
  const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile: `${folder}/token` } } }
  writeFileSync(`${folder}/config`, kubeconfig(server, user))
  const api = connect({ kubeconfig: `${folder}/config`, clock })
  t.teardown(() => api.close())
  const get = async () => (await api.request({ path: '/api/v1/namespaces/a', timeoutMs })).status
  t.equal(await get(), 401)
  writeFileSync(`${folder}/token`, 'new\n')
  t.equal(await get(), 200)
  writeFileSync(`${folder}/token`, 'newer\n')
  t.equal(await get(), 200, 'token files are cached for a minute')
  writeFileSync(`${folder}/config`, 'clusters: [')
  t.equal(await get(), 200, 'a broken kubeconfig changes nothing')
})

await test('connect() verifies the server by the CA of the kubeconfig', async t => {
  const subject = [{ name: 'commonName', value: 'fake' }]
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }]
  const make = () =>
    generate(subject, {
      algorithm: 'sha256',
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames }]
    })
  const [mine, other] = [await make(), await make()]
  const server = createTlsServer({ key: mine.private, cert: mine.cert }, (_, response) => response.end('{}'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const config = (ca: string) =>
    kubeconfig(
      url,
      { token: 'x' },
      {
        'insecure-skip-tls-verify': false,
        'certificate-authority-data': Buffer.from(ca).toString('base64')
      }
    )
  const folder = t.testdir({ good: config(mine.cert), bad: config(other.cert) })
  const get = async (file: string) => {
    const api = connect({ kubeconfig: `${folder}/${file}`, clock })
    t.teardown(() => api.close())
    return api.request({ path: '/version', timeoutMs })
  }
  t.equal((await get('good')).status, 200)
  t.match(await failureOf(get('bad')), { reason: 'connection', message: /certificate/ })
})

await test('connect() says what is wrong with a kubeconfig, picks contexts and keeps path prefixes', async t => {
  const fake = new FakeApiServer({ object: call => sendJson(call, 200, {}) })
  t.teardown(() => fake.close())
  const server = `http://127.0.0.1:${await fake.listen()}/k8s/clusters/c-1/`
  const folder = t.testdir({ config: kubeconfig(server), empty: '', broken: 'clusters: [', none: '{}' })
  const open = (name: string, context?: string) =>
    connect({ kubeconfig: `${folder}/${name}`, context, clock })
  const kubeconfigError = { name: 'ClusterError', reason: 'kubeconfig' }
  t.throws(() => open('missing'), { ...kubeconfigError, message: /ENOENT/ })
  t.throws(() => open('empty'), { ...kubeconfigError, message: /empty cannot be used/ })
  t.throws(() => open('broken'), kubeconfigError)
  t.throws(() => open('none'), { ...kubeconfigError, message: /names no API server/ })
  t.throws(() => open('config', 'elsewhere'), { ...kubeconfigError, message: /elsewhere/ })
  t.throws(() => connect({ kubeconfig: 'in-cluster', clock }), {
    ...kubeconfigError,
    message: /not running in a Pod/
  })
  const api = open('config', 'here')
  t.teardown(() => api.close())
  t.equal((await api.request({ path: '/api/v1/namespaces/x', timeoutMs })).status, 200)
  t.equal(fake.calls[0]?.path, '/k8s/clusters/c-1/api/v1/namespaces/x')
})

await test('servedVersion() tells absent from unanswered', async t => {
  const answers: Script['discovery'][] = [
    call => sendJson(call, 200, resourceList(['other'])),
    call => sendJson(call, 200, { kind: 'APIResourceList' }),
    call => sendJson(call, 200, { resources: [{ name: 7 }] }),
    call => sendStatus(call, 503, 'ServiceUnavailable')
  ]
  const { fake, api } = await startFake(t, { discovery: call => answers.shift()?.(call) })
  const ask = () => servedVersion(api, 'OvnEip', { timeoutMs })
  t.equal(await ask(), undefined)
  t.match(await failureOf(ask()), { reason: 'protocol' })
  t.match(await failureOf(ask()), { reason: 'protocol' })
  t.match(await failureOf(ask()), { status: 503, reason: 'ServiceUnavailable' })
  t.equal(fake.calls[0]?.path, '/apis/kubeovn.io/v1')
})

await test('objectPath() names objects, and nothing for names that no object can have', async t => {
  const named = { kind: 'Service', namespace: 'team a', name: 'x:y' }
  t.equal(objectPath('Service', 'v1', named), '/api/v1/namespaces/team%20a/services/x%3Ay')
  t.equal(objectPath('OvnEip', 'v1', named), '/apis/kubeovn.io/v1/ovn-eips/x%3Ay')
  for (const name of ['', '.', '..', 'a/b', 'a%2Fb', '\ud800']) {
    t.equal(objectPath('OvnEip', 'v1', { ...named, name }), undefined, JSON.stringify(name))
    t.equal(objectPath('Service', 'v1', { ...named, namespace: name }), undefined)
  }
})

interface Live {
  readonly fake: FakeApiServer
  readonly api: ApiServer
  readonly inventory: Inventory
  readonly watcher: Watcher
  readonly read: LiveReader
  readonly changes: () => number
  /** The addresses of each pool, by name. */
  readonly pools: () => Record<string, readonly string[]>
}

/** Pools `a` and `b` at resourceVersion 50 in a list at 100, and an open watch. */
async function startLive(t: Harness, script: Script): Promise<Live> {
  const { fake, api } = await startFake(t, {
    list: call => sendList(call, [pool('a', 50, ['10.0.0.1']), pool('b', 50, ['10.0.0.2'])], 100),
    ...script
  })
  const inventory = new Inventory()
  let changes = 0
  const onChange = () => (changes += 1)
  const kinds = ['IPAddressPool', 'Namespace'] as const
  const watcher = startWatching({ api, inventory, kinds, clock, timings: FAST, log: () => {}, onChange })
  t.teardown(() => watcher.stop())
  await watcher.synced()
  await until(() => fake.of('watch').length === 2, 'both watches')
  const read = liveReader({ api, watcher, clock, deadlineMs: 400 })
  const pools = () =>
    Object.fromEntries(
      [...inventory.list('IPAddressPool')].map(({ meta, addresses }) => [meta.name, addresses])
    )
  return { fake, api, inventory, watcher, read, changes: () => changes, pools }
}

/** While a list is under way an event comes that is newer than it: what it brings must stay. */
async function sendLater({ fake, pools }: Live): Promise<void> {
  for (const call of fake.of('watch').filter(({ path }) => path.includes('metallb')))
    sendEvent(call, 'ADDED', pool('later', 160, ['10.0.0.160']))
  await until(() => pools()['later'] !== undefined, 'the event')
}

function ref(name: string): ObjectRef {
  return { kind: 'IPAddressPool', namespace: 'metallb-system', name }
}

await test('liveReader() brings the inventory up to date about exactly the objects asked for', async t => {
  const stored = new Map([
    ['a', pool('a', 120, ['10.0.0.120'])],
    ['new', pool('new', 130, ['10.0.0.130'])]
  ])
  const live = await startLive(t, {
    object(call) {
      const name = call.path.split('/').at(-1) ?? ''
      const found = stored.get(name)
      if (found === undefined) sendStatus(call, 404, 'NotFound', { name, kind: 'ipaddresspools' })
      else sendJson(call, 200, found)
    }
  })
  const before = live.changes()
  t.strictSame(await live.read([ref('a'), ref('b'), ref('a'), ref('new'), ref('never'), ref('a')]), [])
  t.strictSame(live.pools(), { a: ['10.0.0.120'], new: ['10.0.0.130'] })
  t.equal(live.changes() - before, 3, 'listeners hear of it')
  t.equal(live.fake.of('object').length, 4, 'each object once')
  t.equal(
    live.fake.of('object')[0]?.path,
    '/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/a'
  )
  t.equal(live.fake.of('discovery').length, 2, 'the watches know the versions')
  t.equal(live.fake.of('object')[0]?.query.size, 0, 'no resourceVersion: a quorum read')
  t.strictSame(await live.read([]), [])
  t.strictSame(await live.read([{ kind: 'IPAddressPool', namespace: '', name: '..' }]), [], 'no such name')
  t.equal(live.fake.of('object').length, 4)
})

await test('liveReader() reads all objects of a kind for a ref without a name', async t => {
  let lists = 0
  const live = await startLive(t, {
    list(call) {
      if (call.path.includes('ipaddresspools')) lists += 1
      const later = lists > 1 ? [pool('new', 130, ['10.0.0.130'])] : []
      const namespaced = call.path.includes('ipaddresspools') ? [pool('a', 50, ['10.0.0.1']), ...later] : []
      sendList(call, namespaced, lists > 1 ? 130 : 100)
    }
  })
  t.strictSame(live.pools(), { a: ['10.0.0.1'] })
  t.strictSame(await live.read([ref('')]), [])
  t.strictSame(live.pools(), { a: ['10.0.0.1'], new: ['10.0.0.130'] }, 'the watch has not said so yet')
})

await test('liveReader() lists one namespace, and forgets what is gone from it', async t => {
  const elsewhere = { ...pool('x', 60), metadata: { name: 'x', namespace: 'other', resourceVersion: '60' } }
  const live = await startLive(t, {
    list(call) {
      if (!call.path.includes('ipaddresspools')) return sendList(call, [], 100)
      const isOne = call.path.includes('/namespaces/metallb-system/')
      const all = [pool('a', 50, ['10.0.0.1']), pool('b', 51, ['10.0.0.2']), elsewhere]
      if (!isOne) return sendList(call, all, 100)
      void afterEvent().then(() => sendList(call, [pool('a', 140, ['10.0.0.140'])], 150))
    }
  })
  const afterEvent = () => sendLater(live)
  t.strictSame(await live.read([ref('')]), [])
  t.strictSame(live.pools(), { a: ['10.0.0.140'], later: ['10.0.0.160'], x: ['192.168.1.100/32'] })
  t.strictSame(await live.read([{ ...ref(''), namespace: '..' }]), [], 'no namespace can have that name')
})

await test('liveReader() lists a kind in all namespaces, and forgets what is gone from any of them', async t => {
  let lists = 0
  const elsewhere = (name: string, version: number) => {
    return {
      ...pool(name, version),
      metadata: { name, namespace: 'other', resourceVersion: String(version) }
    }
  }
  const live = await startLive(t, {
    list(call) {
      if (!call.path.includes('ipaddresspools')) return sendList(call, [], 100)
      lists += 1
      if (lists === 1) return sendList(call, [pool('a', 50, ['10.0.0.1']), elsewhere('x', 60)], 100)
      const all = [pool('a', 50, ['10.0.0.1']), elsewhere('y', 130)]
      void afterEvent().then(() => sendList(call, all, 150))
    }
  })
  const afterEvent = () => sendLater(live)
  t.strictSame(await live.read([{ ...ref(''), namespace: '' }]), [])
  t.strictSame(Object.keys(live.pools()).toSorted(), ['a', 'later', 'y'])
})

await test('liveReader() leaves alone what it could not read, and says so', async t => {
  const live = await startLive(t, {
    object(call) {
      const name = call.path.split('/').at(-1)
      if (name === 'a') sendStatus(call, 500, 'InternalError')
      else if (name === 'b') call.response.writeHead(404).end('404 page not found')
      else if (name === 'bad') sendJson(call, 200, pool('bad', 140, 'no list'))
      else sendJson(call, 200, pool('another', 140))
    }
  })
  const unread = await live.read([
    ref('a'),
    ref('b'),
    ref('bad'),
    ref('c'),
    { ...ref('d'), kind: 'Service' },
    { ...ref('d'), kind: 'Pod' }
  ])
  const errors = unread.map(({ ref: { kind, name }, error }) => `${kind} ${name}: ${error.message}`)
  t.strictSame(errors.toSorted(), [
    'IPAddressPool a: fake InternalError',
    'IPAddressPool b: HTTP status 404',
    'IPAddressPool bad: the object does not decode',
    'IPAddressPool c: the answer is another object',
    'Pod d: Pod is not watched',
    'Service d: Service is not watched'
  ])
  t.ok(unread.every(({ error }) => error instanceof ClusterError))
  t.strictSame(live.pools(), { a: ['10.0.0.1'], b: ['10.0.0.2'] })
  t.match(live.watcher.unreadable(), [{ ref: ref('bad') }])
})

await test('liveReader() never puts an older word over a newer one', async t => {
  const live = await startLive(t, {
    object(call) {
      // the answer was read from storage before the watch events below
      const name = call.path.split('/').at(-1) ?? ''
      setTimeout(() => {
        if (name === 'b') sendStatus(call, 404, 'NotFound', { name })
        else sendJson(call, 200, pool(name, 110, ['10.0.0.110']))
      }, 100)
    }
  })
  const reading = live.read([ref('a'), ref('b'), ref('gone'), ref('old')])
  await until(() => live.fake.of('object').length === 4, 'the reads')
  for (const call of live.fake.of('watch').filter(({ path }) => path.includes('metallb'))) {
    sendEvent(call, 'MODIFIED', pool('a', 120, ['10.0.0.120']))
    sendEvent(call, 'MODIFIED', pool('b', 121, ['10.0.0.121']))
    sendEvent(call, 'ADDED', pool('gone', 110))
    sendEvent(call, 'DELETED', pool('gone', 122))
  }
  await until(() => live.pools()['b']?.[0] === '10.0.0.121', 'the events')
  t.strictSame(await reading, [])
  t.strictSame(live.pools(), { a: ['10.0.0.120'], b: ['10.0.0.121'], old: ['10.0.0.110'] })
})

await test('liveReader() reads eight at a time, and stops at its deadline', async t => {
  let open = 0
  let most = 0
  const live = await startLive(t, {
    object(call) {
      open += 1
      most = Math.max(most, open)
      const slow = call.path.endsWith('slow')
      setTimeout(
        () => {
          open -= 1
          sendJson(call, 200, pool(call.path.split('/').at(-1) ?? '', 200))
        },
        slow ? 1000 : 20
      )
    }
  })
  const refs = Array.from({ length: 40 }, (_, i) => ref(`p${i}`))
  t.strictSame(await live.read(refs), [])
  t.equal(most, 8)
  t.equal(Object.keys(live.pools()).length, 42)
  const startMs = clock.nowMs()
  const unread = await live.read([ref('slow'), ref('quick')])
  t.ok(clock.nowMs() - startMs < 700)
  t.match(unread, [{ ref: ref('slow'), error: { reason: 'timeout', message: 'no answer within 400 ms' } }])
  t.equal(unread.length, 1)
})

await test('liveReader() looks up the version of a kind that is not being watched', async t => {
  const live = await startLive(t, {
    discovery(call) {
      if (call.path === '/api/v1' && call.nth > 2) sendJson(call, 200, resourceList(['namespaces']))
      else if (call.path === '/api/v1') sendStatus(call, 403, 'Forbidden')
      else sendJson(call, 200, resourceList(['ipaddresspools']))
    },
    list: call => sendList(call, [], 100),
    watch: openWatch,
    object: call => sendJson(call, 200, { metadata: { name: 'acme', resourceVersion: '150' } })
  })
  await sleepMs(0)
  t.strictSame(await live.read([{ kind: 'Namespace', namespace: '', name: 'acme' }]), [])
  t.equal(live.inventory.count('Namespace'), 1)
})
