import { Registry } from 'prom-client'
import { test } from 'tap'
import { tellOfFindings } from '../../src/cli/finding-events.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { clusterWorld } from '../../src/cli/world.ts'
import { isRecord } from '../../src/kinds/decode.ts'
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
  type Call
} from '../cluster-client/fake-api-server.ts'

function node(name: string, address: string, uid: string): object {
  const status = { addresses: [{ type: 'InternalIP', address }] }
  return { kind: 'Node', metadata: { name, uid, resourceVersion: '200' }, status }
}

await test('a Node that joins inside a pool becomes an Event, and a metric tells it while it lasts', async t => {
  const events: Record<string, unknown>[] = []
  const answers = [409, 201]
  const watches = new Map<string, Call>()
  const fake = new FakeApiServer({
    list: call =>
      sendList(call, call.path.endsWith('/ipaddresspools') ? [pool('p', 10, ['192.168.1.100/30'])] : [], 100),
    watch: call => {
      openWatch(call)
      watches.set(call.path, call)
    },
    object: async call => {
      const json: unknown = JSON.parse(await call.body())
      if (isRecord(json)) events.push(json)
      const status = answers.shift() ?? 403
      if (status === 201) sendJson(call, 201, {})
      else sendStatus(call, status, status === 409 ? 'AlreadyExists' : 'Forbidden')
    }
  })
  const port = await fake.listen()
  const dir = t.testdir({
    config: kubeconfig(`http://127.0.0.1:${port}`),
    'plan.yaml':
      'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {metallb: {namespace: metallb-system}}\n'
  })
  const lines: string[] = []
  const log = createLogger({ level: 'info', stream: { write: line => void lines.push(line) } })
  const registry = new Registry()
  const world = clusterWorld(loadPolicies([`${dir}/plan.yaml`]), `${dir}/config`, () => {})
  const findingEvents = tellOfFindings(world, { log, registry })
  t.teardown(async () => {
    await findingEvents.stop()
    await world.close()
    await fake.close()
  })
  await world.watcher.synced()
  await until(() => watches.has('/api/v1/nodes'), 'a watch of Nodes')
  const watch = watches.get('/api/v1/nodes')
  if (watch === undefined) throw new Error('no watch')
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

await test('an OvnEip that the edge router maps nothing to becomes an Event', async t => {
  const events: Record<string, unknown>[] = []
  const eip = (name: string, v4Ip: string) => ({
    metadata: { name, uid: `uid-of-${name}`, resourceVersion: '7' },
    spec: { externalSubnet: 'external', v4Ip }
  })
  const lists = new Map([
    ['/ovn-eips', [eip('mapped', '10.5.204.7'), eip('new', '10.5.204.8')]],
    ['/subnets', [{ metadata: { name: 'external' }, spec: { cidrBlock: '10.5.204.0/24', vlan: 'v' } }]]
  ])
  const fake = new FakeApiServer({
    list: call => sendList(call, [...lists].find(([end]) => call.path.endsWith(end))?.[1] ?? [], 100),
    watch: openWatch,
    object: async call => {
      const json: unknown = JSON.parse(await call.body())
      if (isRecord(json)) events.push(json)
      sendJson(call, 201, {})
    }
  })
  const port = await fake.listen()
  const dir = t.testdir({
    config: kubeconfig(`http://127.0.0.1:${port}`),
    'plan.yaml': `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec:
  edgeRouter: {mode: edgeNAT, mappings: [{publicIP: 203.0.113.1, eip: 10.5.204.7}]}
  globalPool: {externalSubnets: [external], defaultExternalSubnet: external}
`
  })
  const registry = new Registry()
  const log = createLogger({ level: 'info', stream: { write: () => {} } })
  const world = clusterWorld(loadPolicies([`${dir}/plan.yaml`]), `${dir}/config`, () => {})
  const findingEvents = tellOfFindings(world, { log, registry })
  t.teardown(async () => {
    await findingEvents.stop()
    await world.close()
    await fake.close()
  })
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
  const watches = new Map<string, Call>()
  const fake = new FakeApiServer({
    list(call) {
      const spaces = [{ metadata: { name: 'acme', labels: { tenant: 'acme' }, resourceVersion: '5' } }]
      const services = [service('a', 6), service('b', 7)]
      const items = call.path.endsWith('/namespaces')
        ? spaces
        : call.path.endsWith('/services')
          ? services
          : []
      sendList(call, items, 100)
    },
    watch(call) {
      openWatch(call)
      watches.set(call.path, call)
    }
  })
  const port = await fake.listen()
  const dir = t.testdir({
    config: kubeconfig(`http://127.0.0.1:${port}`),
    'plan.yaml': `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec: {}
---
apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: tenants}
spec: {services: {quota: {loadBalancers: 1}}}
`
  })
  const registry = new Registry()
  const world = clusterWorld(loadPolicies([`${dir}/plan.yaml`]), `${dir}/config`, () => {})
  const log = createLogger({ level: 'info', stream: { write: () => {} } })
  const findingEvents = tellOfFindings(world, { log, registry })
  t.teardown(async () => {
    await findingEvents.stop()
    await world.close()
    await fake.close()
  })
  t.notMatch(await registry.metrics(), 'service-quota', 'nothing is known yet')
  await world.watcher.synced()
  t.match(await registry.metrics(), 'poolguard_findings{rule="service-quota"} 1')
  t.notMatch(await registry.metrics(), 'eip-quota', 'no policy has one')
  await until(() => watches.has('/api/v1/services'), 'a watch of Services')
  const watch = watches.get('/api/v1/services')
  if (watch === undefined) throw new Error('no watch')
  sendEvent(watch, 'DELETED', service('b', 120))
  await until(() => world.inventory.get('Service', 'acme', 'b') === undefined, 'the event')
  t.match(await registry.metrics(), 'poolguard_findings{rule="service-quota"} 0')
})
