import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import { connect as tcpConnect, isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { test } from 'tap'
import { DEFAULT_TIMINGS } from '../../src/cluster/timings.ts'
import { workload } from '../../src/cli/install/workload.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { until } from '../cluster-client/fake-api-server.ts'
import { apiServerFor, folderFor, startChild } from './processes.ts'
import { isAllowed, promises } from './promises.ts'
import { GROWS_WELL, pool, poolReview } from './reviews.ts'
import { ask, row, startWorld } from './world.ts'

const MIB = 1024 * 1024

await test('row 41: a replica that lost the API server closes what it cannot know, and the others go on', async t => {
  const cut = await startWorld(t, { timings: { staleMs: 500 } })
  await cut.fake.close()
  await until(() => cut.state('IPAddressPool') === 'stale', 'nothing heard')
  const whole = await startWorld(t)
  t.notOk(isAllowed((await cut.ask(GROWS_WELL)).body))
  t.ok(isAllowed((await whole.ask(GROWS_WELL)).body))
  // Unready replicas would take shrinking writes and deletions with them once all were cut off (docs/adr/0017).
  t.match(await cut.ready('/readyz?verbose'), { status: 200, body: /IPAddressPool stale/ })
  t.equal(
    await cut.metric('poolguard_decisions_total{kind="IPAddressPool",operation="CREATE",verdict="denied"'),
    1
  )
  await promises(t, cut, 'while it is cut off')
  await promises(t, whole, 'on another replica')
})

await test('row 45: 50 bodies of 7 MiB at once in a heap of 160 MiB', async t => {
  const fake = await apiServerFor(t)
  const child = await startChild(t, folderFor(t, fake), { nodeFlags: ['--max-old-space-size=160'] })
  // In a thread of its own, so that what is asked meanwhile does not wait for the flood to be written.
  const workerData = { port: child.port, ca: child.ca, count: 50, bytes: 7 * MIB }
  const flood = new Worker(new URL('flood-worker.js', import.meta.url), { workerData })
  const flooded = once(flood, 'message')
  await promises(t, child, 'while they come')
  const [statuses]: readonly unknown[] = await flooded
  if (!Array.isArray(statuses)) return t.fail('no statuses')
  t.strictSame(
    [...new Set(statuses)].filter(status => ![200, 503, 0].includes(Number(status))),
    []
  )
  t.ok(statuses.includes(200), 'as many as fit are answered', { statuses: statuses.join(' ') })
  t.ok(
    (await child.metric('process_resident_memory_bytes ')) < 512 * MIB,
    'within the limit of the Deployment'
  )
  await promises(t, child, 'afterwards')
})

let isBusy = false

await test(
  'row 46: a thread that falls behind turns reviews away, and answers again when it has caught up',
  row({
    server: { limits: { eventLoopLagMs: 50 } },
    meddle(body) {
      if (!isBusy || !JSON.stringify(body).includes('pool-c')) return
      const endMs = performance.now() + 400
      while (performance.now() < endMs);
    },
    async inject(t, world) {
      isBusy = true
      const statuses: number[] = []
      const callers = Array.from({ length: 8 }, async () => {
        for (let turn = 0; turn < 4; turn++) statuses.push((await world.ask(GROWS_WELL)).status)
      })
      await Promise.all(callers)
      isBusy = false
      t.ok(statuses.includes(503), 'some are turned away', { statuses: statuses.join(' ') })
      t.ok(statuses.includes(200), 'and some answered')
      const lag = await world.metric('poolguard_event_loop_lag_seconds')
      t.ok(lag > 0.2, 'the metric tells the worst', { lag })
      await sleep(450)
      t.equal((await world.ask(GROWS_WELL)).status, 200)
      t.ok((await world.metric('poolguard_event_loop_lag_seconds')) < lag, 'and starts anew')
      t.equal(DEFAULT_TIMINGS.pageSize, 500, 'lists are parsed in pages')
      t.ok(livenessPatienceSeconds() >= 30, 'a thread that is blocked for 30 s is not killed for it')
    }
  })
)

/** How long a process may be mute before the kubelet kills it. */
function livenessPatienceSeconds(): number {
  const objects = workload({
    namespace: 'poolguard',
    image: 'x',
    replicas: 3,
    policiesName: 'p',
    requiredDigest: undefined
  })
  const probe = /"livenessProbe":(\{[^}]*\}[^}]*\})/.exec(JSON.stringify(objects))?.[1] ?? '{}'
  const json: unknown = JSON.parse(probe)
  return isRecord(json) ? Number(json['periodSeconds']) * Number(json['failureThreshold']) : 0
}

await test('row 47: a process without file descriptors accepts again when it has some', async t => {
  const fake = await apiServerFor(t)
  const child = await startChild(t, folderFor(t, fake), { openFiles: 90 })
  const sockets = Array.from({ length: 150 }, () => tcpConnect(child.port, '127.0.0.1').on('error', () => {}))
  await sleep(500)
  t.equal(child.process.exitCode, null)
  for (const socket of sockets) socket.destroy()
  await sleep(200)
  t.ok((await child.metric('process_max_fds ')) === 90, 'metrics tell how many there are')
  t.ok((await child.metric('process_open_fds ')) < 90)
  await promises(t, child, 'afterwards')
})

await test(
  'row 48: an exception in a rule refuses that review alone, is counted, and tells nobody where',
  row({
    meddle(body) {
      if (JSON.stringify(body).includes('pool-c')) throw new Error('a secret path')
    },
    async inject(t, world) {
      const answer = await world.ask(GROWS_WELL)
      t.match(JSON.parse(answer.body), {
        response: {
          uid: 'uid-of-CREATE-pool-c',
          allowed: false,
          status: { code: 500, message: /its log has review/ }
        }
      })
      t.notMatch(answer.body, /secret/)
      t.equal(await world.metric('controller_runtime_webhook_panics_total'), 1)
      const ignored = await ask(world.server, GROWS_WELL, { path: '/validate/ignore?timeout=5s' })
      t.match(JSON.parse(ignored.body), { response: { allowed: true, warnings: [/could not judge/] } })
      const good = poolReview({ operation: 'CREATE', object: pool('pool-d', ['192.168.1.230']) }, 'pool-d')
      t.equal((await world.ask(good)).status, 200)
    }
  })
)

await test('row 49: answers do not wait for a log that nobody reads, and neither does a stop', async t => {
  const fake = await apiServerFor(t)
  const flags = ['--log-level=debug', '--shutdown-delay=0']
  const child = await startChild(t, folderFor(t, fake), { isHeard: false, flags })
  const long = poolReview({
    operation: 'CREATE',
    object: pool('pool-b', ['192.168.1.150']),
    user: 'u'.repeat(250)
  })
  // 64 KiB fit into a pipe, and 1 MiB is held back.
  for (let batch = 0; batch < 60; batch++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => child.ask(long)))
    if (!answers.every(({ status }) => status === 200)) t.fail(`batch ${batch}`)
  }
  t.ok(
    (await child.metric('poolguard_log_lines_dropped_total')) > 0,
    'what does not fit is dropped and counted'
  )
  await promises(t, child, 'while nobody reads')
  child.process.kill('SIGTERM')
  const isClosed = () =>
    child.ask(long).then(
      () => false,
      ({ code }: NodeJS.ErrnoException) => code === 'ECONNREFUSED'
    )
  for (let tries = 0; !(await isClosed()); tries++) {
    if (tries > 200) return t.fail('it never stopped serving')
    await sleep(20)
  }
})

await test('row 50: nothing is looked up in the DNS', async t => {
  const { lookup } = dns
  const names: string[] = []
  Object.assign(dns, {
    lookup(...args: Parameters<typeof lookup>) {
      // Addresses come here too, and need no DNS.
      if (isIP(args[0]) === 0) names.push(args[0])
      lookup(...args)
    }
  })
  syncBuiltinESMExports()
  t.teardown(() => {
    Object.assign(dns, { lookup })
    syncBuiltinESMExports()
  })
  await row({
    async inject(tt, world) {
      tt.ok(isAllowed((await world.ask(GROWS_WELL)).body))
      tt.equal((await world.ready()).status, 200)
      tt.strictSame(names, [])
    }
  })(t)
})
