import { Registry } from 'prom-client'
import { test, type Test } from 'tap'
import type { AuditTimings } from '../../src/cli/audit-loop.ts'
import { tellOfFindings } from '../../src/cli/finding-events.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import type { NotTaken } from '../../src/cli/policy-events.ts'
import { clusterWorld, type ClusterWorld } from '../../src/cli/world.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { addFindingMetrics } from '../../src/server/finding-metrics.ts'
import { createLogger } from '../../src/server/logger.ts'
import {
  FakeApiServer,
  kubeconfig,
  pool,
  sendEvent,
  sendJson,
  sendList,
  sendStatus,
  openWatch,
  until,
  type Call,
  type Script
} from '../cluster-client/fake-api-server.ts'

function node(name: string, address: string, uid: string): object {
  const status = { addresses: [{ type: 'InternalIP', address }] }
  return { kind: 'Node', metadata: { name, uid, resourceVersion: '200' }, status }
}

interface Followed {
  readonly world: ClusterWorld
  readonly registry: Registry
  /** What was logged. */
  readonly lines: readonly string[]
  /** The watch that the program holds on this path. */
  readonly watch: (path: string) => Promise<Call>
  readonly policiesChanged: () => void
}

/** Follows a cluster that lists these objects, by the last part of their path, with what tells of findings; stops with the test. */
async function follow(
  t: Test,
  policies: string,
  {
    items,
    audits,
    notTaken,
    ...script
  }: {
    readonly items: Readonly<Record<string, readonly object[]>>
    readonly notTaken?: () => NotTaken
    readonly audits?: AuditTimings
  } & Pick<Script, 'object'>
): Promise<Followed> {
  const watches = new Map<string, Call>()
  const fake = new FakeApiServer({
    list: call => sendList(call, items[call.path.split('/').at(-1) ?? ''] ?? [], 100),
    watch(call) {
      openWatch(call)
      watches.set(call.path, call)
    },
    ...script
  })
  const port = await fake.listen()
  const config = kubeconfig(`http://127.0.0.1:${port}`)
  const dir = t.testdir({ config, 'plan.yaml': policies })
  const lines: string[] = []
  const log = createLogger({ level: 'info', stream: { write: line => void lines.push(line) } })
  const registry = new Registry()
  const snapshot = loadPolicies([`${dir}/plan.yaml`])
  const world = clusterWorld(
    () => snapshot,
    `${dir}/config`,
    () => {}
  )
  const own = notTaken && { policies: { namespace: 'poolguard', notTaken } }
  const findingEvents = tellOfFindings(world, { log, registry, ...own, ...(audits && { audits }) })
  t.teardown(async () => {
    await findingEvents.stop()
    await world.close()
    await fake.close()
  })
  const watch = async (path: string): Promise<Call> => {
    await until(() => watches.has(path), `a watch of ${path}`)
    const call = watches.get(path)
    if (call === undefined) throw new Error('no watch')
    return call
  }
  return { world, registry, lines, watch, policiesChanged: () => findingEvents.policiesChanged() }
}

await test('a Node that joins inside a pool becomes an Event, and a metric tells it while it lasts', async t => {
  const events: Record<string, unknown>[] = []
  const answers = [409, 201]
  const {
    world,
    registry,
    lines,
    watch: watchOf
  } = await follow(
    t,
    'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {metallb: {namespace: metallb-system}}\n',
    {
      items: { ipaddresspools: [pool('p', 10, ['192.168.1.100/30'])] },
      object: async call => {
        const json: unknown = JSON.parse(await call.body())
        if (isRecord(json)) events.push(json)
        const status = answers.shift() ?? 403
        if (status === 201) sendJson(call, 201, {})
        else sendStatus(call, status, status === 409 ? 'AlreadyExists' : 'Forbidden')
      }
    }
  )
  await world.watcher.synced()
  const watch = await watchOf('/api/v1/nodes')
  sendEvent(watch, 'ADDED', node('outside', '192.168.1.99', 'u0'))
  sendEvent(watch, 'ADDED', node('inside', '192.168.1.101', 'u1'))
  await until(() => events.length === 1, 'an Event')
  t.match(events[0], {
    metadata: { name: /^inside\.[0-9a-f]{16}$/ },
    regarding: { kind: 'Node', name: 'inside', uid: 'u1' },
    reason: 'NodeAddressInPool',
    note: /^status.addresses\[0\].address 192.168.1.101 lies in IPAddressPool metallb-system\/p, .* \[pool-node-address\]$/
  })
  // the same name again from the next process; another one for a Node that was made anew
  sendEvent(watch, 'DELETED', node('inside', '192.168.1.101', 'u1'))
  sendEvent(watch, 'ADDED', {
    ...node('inside', '192.168.1.101', 'u2'),
    metadata: { name: 'inside', uid: 'u2', resourceVersion: '300' }
  })
  await until(() => events.length === 2, 'another Event', 15_000)
  const names = events.map(({ metadata }) => (isRecord(metadata) ? metadata['name'] : ''))
  t.not(names[0], names[1])
  await until(() => lines.length > 0, 'a line in the log')
  t.match(lines.join(''), /"reason":"NodeAddressInPool","kind":"Node","name":"inside".*"msg":"event"/)
  t.equal(lines.length, 1, 'an Event that another process stored is no news')
  const metrics = await registry.metrics()
  t.match(metrics, 'poolguard_findings{rule="pool-node-address"} 1')
  t.match(metrics, 'poolguard_findings{rule="pool-cluster-range"} 0')
  t.match(metrics, 'poolguard_events_total{outcome="exists"} 1')
  t.match(metrics, 'poolguard_events_total{outcome="created"} 1')
})

await test("policy files that are not taken become an Event on poolguard's namespace that repeats nothing of them", async t => {
  const events: Record<string, unknown>[] = []
  let notTaken: NotTaken = { problem: '', digest: 'sha256:aa' }
  const { world, policiesChanged } = await follow(
    t,
    'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {}\n',
    {
      items: {
        namespaces: ['poolguard', 'other'].map(name => ({ metadata: { name, uid: `uid-of-${name}` } }))
      },
      notTaken: () => notTaken,
      object: async call => {
        const json: unknown = JSON.parse(await call.body())
        if (isRecord(json)) events.push(json)
        sendJson(call, 201, {})
      }
    }
  )
  await world.watcher.synced()
  policiesChanged()
  await new Promise(resolve => setTimeout(resolve, 1_500))
  t.same(events, [], 'none while they are in force')
  notTaken = { problem: 'plan.yaml:4:5: 10.6.6.6 is wrong\nplan.yaml:5:5: so is that', digest: 'sha256:aa' }
  policiesChanged()
  await until(() => events.length === 1, 'an Event', 15_000)
  t.match(events[0], {
    metadata: { name: /^poolguard\.[0-9a-f]{16}$/, namespace: 'default' },
    regarding: { apiVersion: 'v1', kind: 'Namespace', name: 'poolguard', uid: 'uid-of-poolguard' },
    reason: 'PoliciesRejected',
    note: /^The policy files have 2 errors and are not taken; sha256:aa stays in force\./
  })
  t.notMatch(JSON.stringify(events), '10.6.6.6')
})

await test('an OvnEip that the edge router maps nothing to becomes an Event', async t => {
  const events: Record<string, unknown>[] = []
  const eip = (name: string, v4Ip: string) => ({
    metadata: { name, uid: `uid-of-${name}`, resourceVersion: '7' },
    spec: { externalSubnet: 'external', v4Ip }
  })
  const { world, registry } = await follow(
    t,
    `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec:
  edgeRouter: {mode: edgeNAT, mappings: [{publicIP: 203.0.113.1, eip: 10.5.204.7}]}
  globalPool: {externalSubnets: [external], defaultExternalSubnet: external}
`,
    {
      items: {
        'ovn-eips': [eip('mapped', '10.5.204.7'), eip('new', '10.5.204.8')],
        subnets: [{ metadata: { name: 'external' }, spec: { cidrBlock: '10.5.204.0/24', vlan: 'v' } }]
      },
      object: async call => {
        const json: unknown = JSON.parse(await call.body())
        if (isRecord(json)) events.push(json)
        sendJson(call, 201, {})
      }
    }
  )
  await world.watcher.synced()
  await until(() => events.length === 1, 'an Event', 15_000)
  t.match(events[0], {
    metadata: { name: /^new\.[0-9a-f]{16}$/ },
    regarding: { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', name: 'new', uid: 'uid-of-new' },
    reason: 'EdgeNatMappingMissing',
    note: /^10\.5\.204\.8 of Subnet external has no mapping .* \[edge-nat-mapping\]$/
  })
  t.match(await registry.metrics(), 'poolguard_findings{rule="edge-nat-mapping"} 1')
  t.equal(events.length, 1)
})

await test('a metric tells how many tenants have more than a quota, and follows what is stored', async t => {
  const service = (name: string, version: number) => ({
    kind: 'Service',
    metadata: { name, namespace: 'acme', resourceVersion: String(version) },
    spec: { type: 'LoadBalancer' }
  })
  const { world, registry, watch } = await follow(
    t,
    `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec: {}
---
apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: tenants}
spec: {services: {quota: {loadBalancers: 1}}}
`,
    {
      items: {
        namespaces: [{ metadata: { name: 'acme', labels: { tenant: 'acme' }, resourceVersion: '5' } }],
        services: [service('a', 6), service('b', 7)]
      }
    }
  )
  t.notMatch(await registry.metrics(), 'service-quota', 'nothing is known yet')
  await world.watcher.synced()
  t.match(await registry.metrics(), 'poolguard_findings{rule="service-quota"} 1')
  t.notMatch(await registry.metrics(), 'eip-quota', 'no policy has one')
  sendEvent(await watch('/api/v1/services'), 'DELETED', service('b', 120))
  await until(() => world.inventory.get('Service', 'acme', 'b') === undefined, 'the event')
  t.match(await registry.metrics(), 'poolguard_findings{rule="service-quota"} 0')
})

await test('a count that is not known any more is told no more', async t => {
  const registry = new Registry()
  const counts = new Map([['service-quota', 1]])
  addFindingMetrics(registry, () => counts)
  t.match(await registry.metrics(), 'poolguard_findings{rule="service-quota"} 1')
  counts.clear()
  t.notMatch(await registry.metrics(), 'service-quota')
})

const BOTH = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec: {metallb: {namespace: metallb-system}, globalPool: {ipAddressPool: a}}
`

const FAST: AuditTimings = { firstMs: 300, everyMs: 60, restMs: 1 }

await test('an audit tells of what is stored and would be refused, by Events, metrics and the log', async t => {
  const events: Record<string, unknown>[] = []
  const { world, registry, lines, watch } = await follow(t, BOTH, {
    audits: FAST,
    items: {
      namespaces: ['acme', 'beta'].map(name => ({
        metadata: { name, labels: { tenant: name }, resourceVersion: '5' }
      })),
      ipaddresspools: [
        pool('a', 10, ['192.168.1.100-192.168.1.120']),
        pool('b', 11, ['192.168.1.110-192.168.1.130']),
        pool('apart', 12, ['192.168.2.0/28'])
      ],
      services: [
        {
          metadata: { name: 'shop', namespace: 'beta', resourceVersion: '8' },
          spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
          status: { loadBalancer: { ingress: [{ ip: '192.168.1.101' }] } }
        },
        {
          metadata: {
            name: 'web',
            namespace: 'acme',
            uid: 'u-web',
            annotations: { 'metallb.io/loadBalancerIPs': '192.168.1.101' },
            resourceVersion: '6'
          },
          spec: { type: 'LoadBalancer', ports: [{ port: 80 }] }
        }
      ]
    },
    object: async call => {
      const json: unknown = JSON.parse(await call.body())
      if (isRecord(json)) events.push({ ...json, path: call.path })
      sendJson(call, 201, {})
    }
  })
  t.notMatch(await registry.metrics(), /poolguard_audit_objects\{/, 'nothing is told before the first')
  await world.watcher.synced()
  const of = (name: string) =>
    events.find(({ regarding }) => isRecord(regarding) && regarding['name'] === name)
  await until(() => ['a', 'b', 'web'].every(of), 'an Event each', 15_000)
  t.match(of('b'), {
    path: '/apis/events.k8s.io/v1/namespaces/metallb-system/events',
    metadata: { namespace: 'metallb-system', name: /^b\.[0-9a-f]{16}$/ },
    regarding: { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', namespace: 'metallb-system' },
    reason: 'PolicyViolation',
    note: /shares 11 addresses with IPAddressPool metallb-system\/a.*\[pool-overlap\]/
  })
  t.match(of('web'), {
    metadata: { namespace: 'acme' },
    regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'acme', uid: 'u-web' },
    note: /\[service-address-in-use\]/
  })
  t.notMatch(JSON.stringify(of('web')), /shop|beta/, 'a tenant reads nothing of others')
  const metrics = await registry.metrics()
  t.match(metrics, 'poolguard_audit_objects{verdict="denied"} 4')
  t.match(metrics, 'poolguard_audit_findings{rule="pool-overlap",action="deny"} 2')
  t.match(metrics, /poolguard_audit_last_run_timestamp_seconds 1\d{9}/)
  t.match(lines.join(''), /"denied":4,.*"msg":"audit"/)
  sendEvent(await watch('/apis/metallb.io/v1beta1/ipaddresspools'), 'DELETED', pool('b', 120))
  await until(() => world.inventory.get('IPAddressPool', 'metallb-system', 'b') === undefined, 'the end of b')
  const said = lines.length
  await until(() => lines.length > said + 1, 'another audit')
  t.match(await registry.metrics(), 'poolguard_audit_objects{verdict="denied"} 2')
  t.notMatch(await registry.metrics(), 'poolguard_audit_findings{rule="pool-overlap"')
  t.equal(events.length, 4, 'nothing is told twice')
})

await test('an audit of thousands of objects leaves others their turn, and ends when it is told to', async t => {
  const many = Array.from({ length: 3_000 }, (_, i) => pool(`p-${i}`, 10, [`10.${i >> 8}.${i & 255}.0/24`]))
  const { world, lines } = await follow(t, BOTH, {
    audits: { firstMs: 0, everyMs: 1, restMs: 10 },
    items: { ipaddresspools: many }
  })
  await world.watcher.synced()
  const waits: number[] = []
  let beforeMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    waits.push(nowMs - beforeMs)
    beforeMs = nowMs
  }, 1)
  const said = lines.length
  await until(() => lines.length >= said + 2, 'one audit from its beginning', 60_000)
  clearInterval(timer)
  // Not the longest: what else runs on the machine, and garbage collection, make that.
  const usual = waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.95)] ?? Infinity
  t.ok(usual < 60, 'reviews wait for about one slice', { usual })
})
