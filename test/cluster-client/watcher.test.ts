import { test } from 'tap'
import { Inventory } from '../../src/inventory/inventory.ts'
import { KIND_NAMES, type KindName } from '../../src/kinds/index.ts'
import { DEFAULT_TIMINGS, type Timings } from '../../src/cluster/timings.ts'
import { startWatching, type Watcher, type WatcherOptions } from '../../src/cluster/watcher.ts'
import type { WatchStatus } from '../../src/cluster/watch-health.ts'
import {
  bookmark,
  clock,
  FAST,
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
  type Call,
  type FakeApiServer,
  type Harness,
  type Script
} from './fake-api-server.ts'

interface Running {
  readonly fake: FakeApiServer
  readonly inventory: Inventory
  readonly watcher: Watcher
  readonly log: WatchStatus[]
  /** Names of the pools in the inventory, sorted. */
  readonly pools: () => string
  readonly status: () => WatchStatus
}

interface Setup {
  readonly timings?: Partial<Timings>
  readonly kinds?: readonly KindName[]
  readonly onChange?: (kind: KindName, inventory: Inventory) => void
  readonly log?: WatcherOptions['log']
}

/** Watches IPAddressPools of a scripted server. */
async function start(t: Harness, script: Script, setup: Setup = {}): Promise<Running> {
  const { fake, api } = await startFake(t, script)
  const inventory = new Inventory()
  const log: WatchStatus[] = []
  const watcher = startWatching({
    api,
    inventory,
    clock,
    kinds: setup.kinds ?? ['IPAddressPool'],
    timings: { ...FAST, ...setup.timings },
    log: setup.log ?? (status => log.push(status)),
    onChange: kind => setup.onChange?.(kind, inventory)
  })
  t.teardown(() => watcher.stop())
  const pools = () =>
    [...inventory.list('IPAddressPool')]
      .map(({ meta }) => meta.name)
      .toSorted()
      .join(' ')
  const status = () => {
    const [first] = watcher.status()
    if (first === undefined) throw new Error('no kinds')
    return first
  }
  return { fake, inventory, watcher, log, pools, status }
}

await test('startWatching() lists, watches and resumes from the last bookmark without a second list', async t => {
  const { fake, inventory, watcher, pools, status } = await start(t, {
    list: call => sendList(call, [pool('a', 1), pool('b', 2)], 100),
    watch(call) {
      openWatch(call)
      if (call.nth > 1) return
      sendEvent(call, 'ADDED', pool('c', 101))
      sendEvent(call, 'MODIFIED', pool('b', 102, ['10.0.0.0/24']))
      sendEvent(call, 'DELETED', pool('a', 103))
      sendEvent(call, 'BOOKMARK', bookmark(150))
      setTimeout(() => call.response.end(), 60)
    }
  })
  t.equal(inventory.known('IPAddressPool'), false)
  t.equal(status().state, 'syncing')
  t.equal(status().lastEventAgeMs, undefined)
  t.equal(await watcher.synced(), true)
  t.equal(inventory.known('IPAddressPool'), true)
  await until(() => status().restarts === 1, 'a second watch')
  t.equal(pools(), 'b c')
  t.same(inventory.get('IPAddressPool', 'metallb-system', 'b')?.addresses, ['10.0.0.0/24'])
  t.equal(fake.of('list').length, 1)
  t.equal(fake.of('list')[0]?.path, '/apis/metallb.io/v1beta1/ipaddresspools')
  t.strictSame(Object.fromEntries(fake.of('list')[0]?.query ?? []), { limit: '500' })
  t.strictSame(
    fake.of('watch').map(({ query }) => Object.fromEntries(query)),
    ['100', '150'].map(resourceVersion => ({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: '240'
    }))
  )
  t.match(status(), {
    state: 'synced',
    objects: 2,
    lastError: undefined,
    restarts: 1,
    relists: 0,
    garbageLines: 0
  })
  t.ok((status().lastEventAgeMs ?? 1e9) < 1000)
})

await test('startWatching() joins characters and events that arrive in pieces', async t => {
  const { pools } = await start(t, {
    watch(call) {
      openWatch(call)
      const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: pool('größe', 101) })}\n\n`)
      const cut = bytes.indexOf('ß') + 1
      call.response.write(bytes.subarray(0, cut))
      setTimeout(() => call.response.write(bytes.subarray(cut)), 20)
    }
  })
  await until(() => pools() === 'größe', 'the object')
})

await test('startWatching() keeps the old snapshot until a paged list is complete, through 410 between pages', async t => {
  const seen = new Set<string>()
  const { fake, watcher, pools, status } = await start(
    t,
    {
      list(call) {
        const token = call.query.get('continue')
        if (call.nth === 1) sendList(call, [pool('old', 1)], 100)
        else if (call.nth === 3) sendStatus(call, 410, 'Expired')
        else if (token === null) sendList(call, [pool('x', 1), pool('y', 2)], 200, 'next')
        else sendList(call, [pool('z', 3)], 200)
      },
      watch(call) {
        if (call.nth === 1) sendStatus(call, 410, 'Expired')
        else openWatch(call)
      }
    },
    {
      timings: { pageSize: 2 },
      onChange: (_, inventory) => {
        seen.add([...inventory.list('IPAddressPool')].map(({ meta }) => meta.name).join(' '))
        t.ok(inventory.known('IPAddressPool'))
      }
    }
  )
  await until(() => fake.of('watch').length === 2, 'the watch after the relist')
  await until(() => pools() === 'x y z', 'the new list')
  t.equal(await watcher.synced(), true)
  t.strictSame([...seen], ['old', 'x y z'])
  t.strictSame(
    fake
      .of('list')
      .map(({ query }) => `${query.get('limit')} ${query.get('continue')} ${query.get('resourceVersion')}`),
    ['2 null null', '2 null null', '2 next null', '2 null null', '2 next null']
  )
  t.equal(fake.of('watch')[1]?.query.get('resourceVersion'), '200')
  t.match(status(), { state: 'synced', objects: 3, relists: 1 })
})

await test('startWatching() relists after a 410 ERROR event and forgets what vanished meanwhile', async t => {
  const { fake, pools, log } = await start(t, {
    list: call =>
      sendList(
        call,
        call.nth === 1 ? [pool('a', 1), pool('gone', 2)] : [pool('a', 1), pool('new', 150)],
        100 * call.nth
      ),
    watch(call) {
      openWatch(call)
      if (call.nth === 1)
        sendEvent(call, 'ERROR', { kind: 'Status', code: 410, message: 'too old resource version' })
    }
  })
  await until(() => pools() === 'a new', 'the relisted pools')
  await until(() => fake.of('watch').length === 2, 'the second watch')
  t.equal(fake.of('watch')[1]?.query.get('resourceVersion'), '200')
  t.notOk(
    log.some(({ state }) => state !== 'synced'),
    'readiness does not suffer'
  )
})

await test('startWatching() does not spin when the server closes at once or answers 410 for ever', async t => {
  const closing = await start(t, {
    watch(call) {
      openWatch(call)
      call.response.end()
    }
  })
  await sleepMs(500)
  // 10, 20, 40, 40, ... ms: about 14 watches in 500 ms
  const count = closing.fake.of('watch').length
  t.ok(count >= 3 && count <= 16, `${count} watches`)
  t.equal(closing.fake.of('list').length, 1)
  t.equal(closing.status().state, 'synced')
  await closing.watcher.stop()

  const expired = await start(t, { watch: call => sendStatus(call, 410, 'Expired') })
  await sleepMs(500)
  const lists = expired.fake.of('list').length
  t.ok(lists >= 3 && lists <= 16, `${lists} lists`)
})

for (const [name, breakIt] of Object.entries({
  'a connection reset': ({ socket }) => socket.resetAndDestroy(),
  'a truncated chunk': call => {
    call.response.write('{"type":"ADDED","obj')
    setTimeout(() => call.socket.destroy(), 10)
  },
  'a line cut off in an orderly end': call => call.response.end('{"type":"ADDED","obj'),
  'a line that is no JSON': call => call.response.write('garbage\n'),
  'an event without resourceVersion': call => sendEvent(call, 'ADDED', { metadata: { name: 'x' } }),
  'an ERROR event': call => sendEvent(call, 'ERROR', { kind: 'Status', code: 500, message: 'etcd' })
} satisfies Record<string, NonNullable<Script['watch']>>)) {
  await test(`startWatching() resumes from the last resourceVersion after ${name}`, async t => {
    const { fake, pools, status, log } = await start(t, {
      list: call => sendList(call, [pool('a', 1)], 100),
      watch(call) {
        openWatch(call)
        if (call.nth === 1) {
          sendEvent(call, 'ADDED', pool('b', 101))
          setTimeout(() => breakIt(call), 20)
        } else sendEvent(call, 'ADDED', pool('c', 102))
      }
    })
    await until(() => pools() === 'a b c', 'the event after the fault')
    t.strictSame(
      fake.of('watch').map(({ query }) => query.get('resourceVersion')),
      ['100', '101']
    )
    t.equal(fake.of('list').length, 1)
    t.ok(log.some(({ state, lastError }) => state === 'failing' && lastError !== undefined))
    t.match(status(), { state: 'synced', lastError: undefined, restarts: 1 })
    t.equal(status().garbageLines, /line|event without/.test(name) ? 1 : 0)
  })
}

await test('startWatching() relists when watches keep failing, and goes on when it was only 429', async t => {
  const failing = await start(t, {
    watch: call => (call.nth <= 3 ? sendStatus(call, 500, 'InternalError') : openWatch(call))
  })
  await until(() => failing.fake.of('watch').length === 4, 'the fourth watch')
  t.equal(failing.fake.of('list').length, 2)

  const busy = await start(t, {
    watch: call => (call.nth <= 4 ? sendStatus(call, 429, 'TooManyRequests') : openWatch(call))
  })
  await until(() => busy.fake.of('watch').length === 5, 'the fifth watch')
  t.equal(busy.fake.of('list').length, 1)
})

await test('startWatching() notices a connection that has gone silent', async t => {
  const { fake, log, pools } = await start(
    t,
    {
      list: call => sendList(call, [pool('a', 1)], 100),
      watch(call) {
        openWatch(call)
        if (call.nth === 1) sendEvent(call, 'BOOKMARK', bookmark(120))
      }
    },
    { timings: { idleMs: 80 } }
  )
  await until(() => fake.of('watch').length === 2, 'a new watch')
  const [first, second] = fake.of('watch')
  t.equal(second?.query.get('resourceVersion'), '120')
  t.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 75)
  t.ok(log.some(({ lastError }) => lastError === 'nothing heard for 80 ms'))
  t.ok(
    log.every(({ state }) => state === 'synced'),
    'it was merely opened again'
  )
  t.equal(pools(), 'a')
})

await test('startWatching() does not take a quiet watch that gets bookmarks for a dead one', async t => {
  const { fake } = await start(
    t,
    {
      watch(call) {
        openWatch(call)
        const timer = setInterval(() => sendEvent(call, 'BOOKMARK', bookmark(120)), 40)
        call.response.on('close', () => clearInterval(timer))
      }
    },
    { timings: { idleMs: 150 } }
  )
  await sleepMs(500)
  t.equal(fake.of('watch').length, 1)
})

await test('startWatching() gives up on a list and on a watch that never answer', async t => {
  const { fake } = await start(
    t,
    {
      list: call => call.nth > 1 && sendList(call, [], 100),
      watch: call => call.nth > 1 && openWatch(call)
    },
    { timings: { requestMs: 60, watchOpenMs: 60 } }
  )
  await until(() => fake.of('watch').length === 2, 'the second watch')
  t.equal(fake.of('list').length, 2)
})

await test('startWatching() makes a kind unknown while RBAC refuses it, and leaves other kinds alone', async t => {
  let allowed = false
  const refused = ({ path }: Call) => path.endsWith('ipaddresspools') && !allowed
  const { fake, inventory, watcher, status, log } = await start(
    t,
    {
      list: call => (refused(call) ? sendStatus(call, 403, 'Forbidden') : sendList(call, [], 100)),
      watch: call => (refused(call) ? sendStatus(call, 403, 'Forbidden') : openWatch(call))
    },
    { kinds: ['IPAddressPool', 'Service'] }
  )
  t.equal(await watcher.synced(), true, 'a forbidden kind does not hold up the start')
  t.match(status(), { state: 'forbidden', lastError: 'fake Forbidden' })
  t.equal(inventory.known('IPAddressPool'), false)
  t.equal(inventory.known('Service'), true)
  await sleepMs(200)
  const count = fake.of('list').length
  t.ok(count <= 7, `${count} lists in 200 ms: retried slowly`)
  allowed = true
  await until(() => status().state === 'synced', 'recovery')
  t.equal(inventory.known('IPAddressPool'), true)

  const watches = () => fake.of('watch').filter(({ path }) => path.endsWith('ipaddresspools'))
  await until(() => watches().length === 1, 'the watch after the recovery')
  const { length } = log
  allowed = false
  for (const call of watches())
    sendEvent(call, 'ERROR', { kind: 'Status', code: 403, message: 'fake Forbidden' })
  await until(() => watches().length === 2, 'a second try')
  t.ok(inventory.known('IPAddressPool'), 'one refusal is not believed')
  await until(() => !inventory.known('IPAddressPool'), 'the kind unknown again')
  t.strictSame(
    log.slice(length).map(({ kind, state }) => `${kind} ${state}`),
    ['IPAddressPool failing', 'IPAddressPool forbidden']
  )
})

await test('startWatching() keeps what it knows through 401', async t => {
  const { inventory, status, log } = await start(t, {
    watch: call => (call.nth <= 2 ? sendStatus(call, 401, 'Unauthorized') : openWatch(call))
  })
  await until(() => log.length === 3, 'synced, failing, synced')
  t.strictSame(
    log.map(({ state }) => state),
    ['synced', 'failing', 'synced']
  )
  t.equal(status().state, 'synced')
  t.ok(inventory.known('IPAddressPool'))
})

await test('startWatching() takes a kind without CRD for empty, and watches it soon after it appears', async t => {
  let installed = false
  const { fake, inventory, watcher, status, pools, log } = await start(t, {
    discovery(call) {
      if (installed) sendJson(call, 200, resourceList(['l2advertisements', 'ipaddresspools']))
      else if (call.nth % 2 === 0) sendJson(call, 200, resourceList(['l2advertisements']))
      else call.response.writeHead(404).end('404 page not found')
    },
    list: call => sendList(call, [pool('a', 1)], 100)
  })
  t.equal(await watcher.synced(), true)
  t.equal(status().state, 'absent')
  t.equal(inventory.known('IPAddressPool'), true)
  t.equal(inventory.count('IPAddressPool'), 0)
  await until(() => fake.of('discovery').length >= 3, 'more looks for it')
  t.equal(log.length, 1, 'said once')
  t.equal(fake.of('list').length, 0)
  installed = true
  await until(() => pools() === 'a', 'the pools of the new CRD', DEFAULT_TIMINGS.rediscoverMs)
  t.equal(status().state, 'synced')
})

await test('startWatching() empties a kind whose CRD was deleted, after discovery missed it twice', async t => {
  let missed = 0
  const { fake, pools, status, inventory } = await start(t, {
    discovery(call) {
      if (call.nth === 1) sendJson(call, 200, resourceList(['ipaddresspools']))
      else {
        missed += 1
        t.equal(pools(), missed <= 2 ? 'a' : '', `before answer ${missed}`)
        call.response.writeHead(404).end('404 page not found')
      }
    },
    list: call => sendList(call, [pool('a', 1)], 100),
    watch(call) {
      if (call.nth > 1) {
        call.response.writeHead(404).end('404 page not found')
        return
      }
      openWatch(call)
      setTimeout(() => call.response.end(), 10)
    }
  })
  await until(() => status().state === 'absent', 'absent')
  t.equal(missed, 2)
  t.equal(pools(), '')
  t.ok(inventory.known('IPAddressPool'))
  await until(() => missed === 4, 'looking on')
  t.equal(fake.of('list').length, 1)
})

await test('startWatching() falls back to an older version of a kind, and moves when that is gone', async t => {
  let served = 'v1beta1'
  const { fake, inventory, watcher } = await start(
    t,
    {
      discovery: call =>
        call.path.endsWith(`/${served}`)
          ? sendJson(call, 200, resourceList(['servicecidrs']))
          : call.response.writeHead(404).end(),
      list: call =>
        sendList(
          call,
          [{ metadata: { name: 'kubernetes', resourceVersion: '1' }, spec: { cidrs: ['10.96.0.0/16'] } }],
          100
        ),
      watch(call) {
        if (!call.path.includes(`/${served}/`)) {
          call.response.writeHead(404).end()
          return
        }
        openWatch(call)
        if (served === 'v1beta1') {
          setTimeout(() => {
            served = 'v1'
            call.response.end()
          }, 30)
        }
      }
    },
    { kinds: ['ServiceCIDR'] }
  )
  await watcher.synced()
  await until(
    () => fake.of('watch').at(-1)?.path === '/apis/networking.k8s.io/v1/servicecidrs',
    'a watch of v1'
  )
  t.strictSame(
    fake.of('list').map(({ path }) => path),
    ['/apis/networking.k8s.io/v1beta1/servicecidrs', '/apis/networking.k8s.io/v1/servicecidrs']
  )
  t.equal(inventory.count('ServiceCIDR'), 1)
})

await test('startWatching() waits as long as Retry-After asks', async t => {
  const { fake, watcher } = await start(t, {
    list: call =>
      call.nth === 1
        ? sendJson(call, 429, { kind: 'Status', code: 429 }, { 'retry-after': '1' })
        : sendList(call, [], 100)
  })
  await watcher.synced()
  const [first, second] = fake.of('list')
  const waitedMs = (second?.atMs ?? 0) - (first?.atMs ?? 0)
  t.ok(waitedMs >= 990 && waitedMs < 1500, `${waitedMs} ms`)
})

await test('startWatching() ignores events that are older than what it has', async t => {
  const { inventory, pools, fake } = await start(t, {
    list: call => sendList(call, [pool('a', 50)], 100),
    watch(call) {
      openWatch(call)
      if (call.nth > 1) return
      sendEvent(call, 'MODIFIED', pool('a', 120, ['10.0.0.120']))
      sendEvent(call, 'MODIFIED', pool('a', 110, ['10.0.0.110']))
      sendEvent(call, 'MODIFIED', pool('a', 120, ['10.0.0.121']))
      sendEvent(call, 'DELETED', pool('a', 115))
      sendEvent(call, 'ADDED', pool('dead', 130))
      sendEvent(call, 'DELETED', pool('dead', 131))
      sendEvent(call, 'MODIFIED', pool('dead', 125))
      sendEvent(call, 'ADDED', pool('never', 99))
      sendEvent(call, 'ADDED', pool('big', 9007199254740993n))
      sendEvent(call, 'MODIFIED', pool('big', 9007199254740992n, ['10.0.0.1']))
      sendEvent(call, 'MODIFIED', pool('last', 104))
      call.response.end()
    }
  })
  await until(() => fake.of('watch').length === 2, 'the end of the events')
  t.equal(pools(), 'a big last')
  t.same(inventory.get('IPAddressPool', 'metallb-system', 'a')?.addresses, ['10.0.0.120'])
  t.equal(fake.of('watch')[1]?.query.get('resourceVersion'), '9007199254740993')
})

await test('startWatching() keeps objects that do not decode out of the inventory, and lists them', async t => {
  const { watcher, pools, status } = await start(t, {
    list: call => sendList(call, [pool('a', 1), pool('bad', 2, 'no list')], 100),
    watch(call) {
      openWatch(call)
      sendEvent(call, 'MODIFIED', pool('a', 101, [7]))
      sendEvent(call, 'MODIFIED', pool('bad', 102, ['10.0.0.1']))
      sendEvent(call, 'ADDED', pool('worse', 103, {}))
      sendEvent(call, 'DELETED', pool('worse', 104, {}))
    }
  })
  await until(() => pools() === 'bad', 'the events')
  t.strictSame(watcher.unreadable(), [
    {
      ref: { kind: 'IPAddressPool', namespace: 'metallb-system', name: 'a' },
      resourceVersion: '101',
      errors: [{ field: 'spec.addresses[0]', expected: 'string', value: '7' }]
    }
  ])
  t.equal(status().objects, 2)
})

await test('startWatching() survives listeners that throw', async t => {
  const { pools } = await start(
    t,
    {
      list: call => sendList(call, [pool('a', 1)], 100),
      watch(call) {
        openWatch(call)
        sendEvent(call, 'ADDED', pool('b', 101))
        sendEvent(call, 'ADDED', pool('c', 102))
      }
    },
    {
      onChange: () => {
        throw new Error('listener')
      },
      log: () => {
        throw new Error('logger')
      }
    }
  )
  await until(() => pools() === 'a b c', 'all events')
})

await test('startWatching() goes on from its snapshot while the API server is down, and relists when it is back', async t => {
  const running = await start(t, {
    list: call => sendList(call, call.nth === 1 ? [pool('a', 1)] : [pool('b', 200)], 100 * call.nth)
  })
  const { fake, watcher, inventory, status, pools } = running
  await watcher.synced()
  await until(() => fake.of('watch').length === 1, 'the watch')
  const port = fake.port
  await fake.close()
  await until(() => status().state === 'failing', 'failing')
  await sleepMs(200)
  t.equal(pools(), 'a')
  t.ok(inventory.known('IPAddressPool'))
  t.ok((status().lastEventAgeMs ?? 0) >= 190)
  await fake.listen(port)
  await until(() => pools() === 'b', 'the list after the outage')
  await until(() => status().state === 'synced', 'synced')
})

await test('startWatching() does not believe the first 403 of an API server that was down', async t => {
  let down = false
  let refusals = 0
  const known = new Set<boolean>()
  const { fake, watcher, inventory, status } = await start(
    t,
    {
      discovery(call) {
        if (down && refusals++ < 2) sendStatus(call, 403, 'Forbidden')
        else sendJson(call, 200, resourceList(['ipaddresspools']))
      },
      list: call => sendList(call, [pool('a', 1)], 100)
    },
    { onChange: (_, changed) => known.add(changed.known('IPAddressPool')) }
  )
  await watcher.synced()
  await until(() => fake.of('watch').length === 1, 'the watch')
  const port = fake.port
  await fake.close()
  await sleepMs(250)
  t.equal(status().state, 'failing')
  down = true
  await fake.listen(port)
  await until(() => status().relists === 1, 'the list after the outage')
  t.equal(refusals, 3)
  t.ok(inventory.known('IPAddressPool'))
  t.strictSame([...known], [true])
})

await test('startWatching() starts before the API server does', async t => {
  const script: Script = { list: call => sendList(call, [pool('a', 1)], 100) }
  const { fake, api } = await startFake(t, script)
  const port = fake.port
  await fake.close()
  const inventory = new Inventory()
  const watcher = startWatching({
    api,
    inventory,
    clock,
    kinds: ['IPAddressPool'],
    timings: FAST,
    log: () => {}
  })
  t.teardown(() => watcher.stop())
  let synced = false
  const done = watcher.synced().then(() => (synced = true))
  await sleepMs(100)
  t.equal(synced, false)
  t.match(watcher.status(), [{ state: 'failing', lastError: /ECONNREFUSED/ }])
  await fake.listen(port)
  await done
  t.equal(inventory.count('IPAddressPool'), 1)
})

for (const sort of ['discovery', 'list', 'watch'] as const) {
  await test(`stop() during ${sort} closes everything, and nothing comes after it`, async t => {
    const answer = (call: Call) => {
      if (sort === 'discovery') sendJson(call, 200, resourceList(['ipaddresspools']))
      if (sort === 'list') sendList(call, [pool('late', 1)], 100)
      if (sort !== 'watch') return
      openWatch(call)
      sendEvent(call, 'ADDED', pool('late', 101))
    }
    const script: Script = { [sort]: (call: Call) => setTimeout(() => answer(call), 80) }
    let changes = 0
    const { fake, watcher, pools, log } = await start(t, script, { onChange: () => (changes += 1) })
    await until(() => fake.of(sort).length === 1, sort)
    const changesBefore = changes
    await watcher.stop()
    const logged = log.length
    if (sort !== 'watch') t.equal(await watcher.synced(), false)
    await sleepMs(150)
    t.equal(pools(), '')
    t.equal(changes, changesBefore)
    t.equal(log.length, logged)
    t.equal(fake.calls.length, { discovery: 1, list: 2, watch: 3 }[sort])
  })
}

await test('stop() ends open watches of all kinds and waits that are running', async t => {
  const { fake, watcher, inventory } = await start(t, {}, { kinds: KIND_NAMES })
  t.equal(await watcher.synced(), true)
  await until(() => fake.of('watch').length === KIND_NAMES.length, 'ten watches')
  t.ok(KIND_NAMES.every(kind => inventory.known(kind)))
  t.strictSame(
    watcher.status().map(({ kind }) => kind),
    KIND_NAMES
  )
  await watcher.stop()
  await until(() => fake.of('watch').every(({ socket }) => socket.destroyed), 'closed watches')
  await watcher.stop()

  const waiting = await start(
    t,
    { list: call => sendStatus(call, 403, 'Forbidden') },
    { timings: { forbiddenRetryMs: 60_000 } }
  )
  await waiting.watcher.synced()
  await waiting.watcher.stop()
  t.equal(waiting.fake.of('list').length, 1)
})

await test('startWatching() knows nothing of a kind after a long silence, and all of it when the watch goes on', async t => {
  const states: string[] = []
  const { fake, watcher, inventory, pools, status } = await start(
    t,
    {
      list: call => sendList(call, [pool('a', 1)], 100),
      watch(call) {
        // the second one is never answered
        if (call.nth !== 2) openWatch(call)
        if (call.nth === 3) sendEvent(call, 'ADDED', pool('b', 101))
      }
    },
    {
      timings: { idleMs: 100, watchOpenMs: 500, staleMs: 300 },
      log: ({ state }) => states.push(state)
    }
  )
  await watcher.synced()
  await until(() => status().state === 'stale', 'silence')
  t.equal(inventory.known('IPAddressPool'), false)
  t.equal(pools(), 'a', 'what denials rest on stays')
  t.ok((status().lastEventAgeMs ?? 0) >= 290)
  await until(() => inventory.known('IPAddressPool'), 'the third watch')
  await until(() => pools() === 'a b', 'what happened meanwhile')
  t.equal(status().state, 'synced')
  t.equal(fake.of('list').length, 1)
  t.strictSame(
    states.filter((state, i) => state !== states[i - 1]),
    ['synced', 'stale', 'synced']
  )
})

await test('startWatching() never takes a kind that is heard of for a silent one', async t => {
  const { inventory, watcher, status } = await start(
    t,
    {
      watch(call) {
        openWatch(call)
        const timer = setInterval(() => sendEvent(call, 'BOOKMARK', bookmark(120)), 30)
        call.response.on('close', () => clearInterval(timer))
      }
    },
    { timings: { staleMs: 250 } }
  )
  await watcher.synced()
  await sleepMs(700)
  t.equal(status().state, 'synced')
  t.ok(inventory.known('IPAddressPool'))
})

await test('startWatching() does not take a kind that RBAC refuses for a silent one', async t => {
  const { watcher, status } = await start(
    t,
    { watch: call => sendStatus(call, 403, 'Forbidden') },
    { timings: { staleMs: 250, forbiddenRetryMs: 60_000 } }
  )
  await watcher.synced()
  await until(() => status().state === 'forbidden', 'forbidden')
  await sleepMs(400)
  t.equal(status().state, 'forbidden')
})
