import { Registry } from 'prom-client'
import { test } from 'tap'
import { startLedger } from '../../src/cli/ledger.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { startWatching } from '../../src/cluster/watcher.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { createLogger } from '../../src/server/logger.ts'
import { watchedKinds } from '../../src/cli/install/rbac.ts'
import { RULES } from '../../src/rules/index.ts'
import {
  clock,
  FAST,
  sendJson,
  sendStatus,
  startFake,
  until,
  type Call
} from '../cluster-client/fake-api-server.ts'

const snapshot = snapshotOf([
  {
    path: 'plan.yaml',
    text: 'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {nodeSubnets: [192.168.1.0/24]}\n'
  }
])

await test('a ledger that starts before the API server does says so, and goes by it once that is there', async t => {
  const createdAt = new Date().toISOString()
  let text: unknown
  const { fake, api } = await startFake(t, {
    async object(call: Call) {
      if (call.path === '/api/v1/namespaces/poolguard')
        return sendJson(call, 200, { metadata: { creationTimestamp: createdAt } })
      if (!call.path.endsWith('/poolguard-ledger')) return sendStatus(call, 404, 'NotFound')
      if (call.method === 'PATCH') text = JSON.parse(await call.body()).data
      const metadata = { uid: 'u', resourceVersion: '7', creationTimestamp: createdAt }
      sendJson(call, 200, { metadata, data: text })
    }
  })
  const { port } = fake
  await fake.close()
  const inventory = new Inventory()
  const kinds = watchedKinds(RULES)
  const watcher = startWatching({ api, inventory, kinds, clock, timings: FAST, log: () => {} })
  t.teardown(() => watcher.stop())
  const registry = new Registry()
  const ports = { snapshot: () => snapshot, view: inventory, confirm: async () => [], now: () => 0 }
  const lines: string[] = []
  const log = createLogger({ level: 'info', stream: { write: line => void lines.push(line) } })
  const world = { ports, inventory, watcher, api, onChange: () => {}, close: async () => {} }
  const ledger = startLedger(world, 'poolguard', { log, registry })
  t.teardown(() => ledger.stop())
  const usable = async () => /^poolguard_ledger_usable (\d)$/m.exec(await registry.metrics())?.[1]
  const details = () => ledger.checks().map(({ name, ok, detail }) => `${name} ${ok}: ${detail}`)
  t.equal(await usable(), undefined, 'an alert on 0 does not fire at each start')
  t.match(details()[1], /^ledger\/revisions true: no answer yet/)
  await until(() => details()[0] === 'ledger true: unreachable', 'the first look')
  t.equal(await usable(), '0')
  await fake.listen(port)
  await until(() => details()[0] === 'ledger true: usable', 'another look', 5000)
  await until(() => details()[1] === 'ledger/revisions true: they compare', 'the answer', 5000)
  t.equal(await usable(), '1')
  t.match(text, { 'ledger.json': /"claims":\[\]/ }, 'a replica that starts later finds it written into')
  t.equal(lines.filter(line => line.includes('revisions compare')).length, 1)
})
