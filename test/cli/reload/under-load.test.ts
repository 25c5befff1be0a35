import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { test } from 'tap'
import { snapshotOf } from '../../../src/cli/policies.ts'
import { startServing } from '../../../src/cli/serve.ts'
import { ALICE, creation } from '../../admission/creation.ts'
import { Mount, planText, policyText, type Files } from './policy-sets.ts'

const RELOADS = 1_000
const PER_SECOND = 200

/** What the one allows the other denies, in the plan and in the policy, so that no half of one passes for a whole. */
const SETS = {
  a: {
    'plan.yaml': planText('192.168.1.20-192.168.1.29'),
    'types.yaml': policyText('types', '{services: {allowedTypes: [ClusterIP, NodePort]}}')
  },
  b: {
    'plan.yaml': planText('192.168.1.30-192.168.1.39'),
    'types.yaml': policyText('types', '{services: {allowedTypes: [ClusterIP, LoadBalancer]}}')
  }
} as const
type SetName = keyof typeof SETS

/** What is tried between two sets, and must change nothing. */
const BROKEN: readonly Files[] = [
  { ...SETS.a, 'types.yaml': 'spec: {' },
  { 'types.yaml': SETS.b['types.yaml'] },
  { ...SETS.b, 'more.yaml': SETS.a['plan.yaml'] },
  {}
]

const pool = (addresses: string) => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'p', namespace: 'kmetal-metallb' },
  spec: { addresses: [addresses] }
})
const service = (type: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'kmetal-metallb' },
  spec: { type, ports: [{ port: 443 }] }
})

/** Requests, and the set that allows each. */
const REQUESTS: readonly (readonly [object, SetName])[] = [
  [pool('192.168.1.30-192.168.1.39'), 'a'],
  [pool('192.168.1.20-192.168.1.29'), 'b'],
  [service('NodePort'), 'a'],
  [service('LoadBalancer'), 'b']
]

function digestOf(files: Files): string {
  return snapshotOf(Object.entries(files).map(([path, text]) => ({ path, text }))).digest
}

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

await test('1,000 reloads under 200 requests/s: each answer is by a whole set, and none fails', async t => {
  const dir = t.testdir({})
  const mount = new Mount(join(dir, 'policies'))
  mount.replace(SETS.a)
  const serving = await startServing(
    {
      policies: [mount.path],
      inventory: ['manifests/examples/inventory'],
      certs: dir,
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      shutdownDelay: 0,
      logLevel: 'silent'
    },
    { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' },
    { settleMs: 4, agreeMs: 1 }
  )
  const digests = { a: digestOf(SETS.a), b: digestOf(SETS.b) }
  const counts = { a: 0, b: 0, allowed: 0 }
  const faults: string[] = []

  const ca = readFileSync(join(dir, 'ca.crt'), 'utf8')
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca })
  const url = `https://127.0.0.1:${serving.server.address.port}/validate`
  const bodies = REQUESTS.map(([object, by]) => ({ body: JSON.stringify(creation(object, ALICE)), by }))
  const judged = (text: string, by: SetName) => {
    const { response } = JSON.parse(text) as {
      response: { allowed: boolean; auditAnnotations: { policies: string }; status?: object }
    }
    const { policies } = response.auditAnnotations
    const set = (['a', 'b'] as const).find(name => digests[name] === policies)
    if (set === undefined) return faults.push(`no whole set: ${policies}`)
    counts[set]++
    if (response.allowed) counts.allowed++
    if (response.allowed !== (set === by)) faults.push(`set ${set} answered ${text}`)
    const told = JSON.stringify(response.status ?? '').includes(policies)
    if (!response.allowed && !told) faults.push(`the denial names other policies: ${text}`)
  }
  const ask = ({ body, by }: { readonly body: string; readonly by: SetName }) =>
    new Promise<void>(resolve => {
      const failed = (error: unknown) => resolve(void faults.push(String(error)))
      const headers = { 'content-type': 'application/json' }
      const sent = request(url, { method: 'POST', agent, headers }, response => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('error', failed)
        response.on('end', () => {
          if (response.statusCode === 200) judged(text, by)
          else faults.push(`${response.statusCode} ${text}`)
          resolve()
        })
      })
      sent.on('error', failed)
      sent.end(body)
    })

  let isOver = false
  const startedMs = performance.now()
  const startedCpu = process.cpuUsage()
  const asked: Promise<void>[] = []
  const asking = (async () => {
    while (!isOver) {
      const due = ((performance.now() - startedMs) / 1_000) * PER_SECOND
      while (asked.length < due)
        asked.push(ask(bodies[asked.length % bodies.length] ?? { body: '', by: 'a' }))
      await sleep(2)
    }
    await Promise.all(asked)
  })()

  let broken = 0
  for (let i = 1; i <= RELOADS && faults.length === 0; i++) {
    if (i % 10 === 0) {
      mount.replace(BROKEN[(i / 10) % BROKEN.length] ?? {})
      while (!serving.policies.facts().isRejecting) await sleep(1)
      broken++
    }
    const next = i % 2 === 1 ? 'b' : 'a'
    mount.replace(SETS[next])
    while (serving.policies.facts().digest !== digests[next]) await sleep(1)
  }
  isOver = true
  await asking
  const seconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(startedCpu)
  const cpuSeconds = (user + system) / 1e6
  const { port } = serving.server.adminAddress
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  agent.destroy()
  await serving.stop()

  t.comment(
    `${asked.length} requests in ${seconds.toFixed(1)} s: ${JSON.stringify(counts)}, ${broken} broken sets, ${cpuSeconds.toFixed(1)} s of the processor`
  )
  t.same(faults.slice(0, 5), [])
  t.equal(counts.a + counts.b, asked.length)
  t.ok(asked.length >= PER_SECOND * seconds * 0.9, 'requests went out as fast as meant')
  const least = asked.length / 5
  t.ok(counts.a > least && counts.b > least && counts.allowed > least, 'both sets answered, both ways')
  t.match(metrics, `poolguard_policy_reloads_total{outcome="loaded"} ${RELOADS}\n`)
  t.match(metrics, `poolguard_policy_reloads_total{outcome="rejected"} ${broken}\n`)
  // Of the processor, as others may be using the machine; on an idle one it takes little longer.
  t.ok(cpuSeconds < 60, `${cpuSeconds} s of the processor`)
})
