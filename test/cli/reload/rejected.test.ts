import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { test } from 'tap'
import { systemClock } from '../../../src/cli/clock.ts'
import { policyEvents } from '../../../src/cli/policy-events.ts'
import { followPolicies } from '../../../src/cli/reload/follow-policies.ts'
import { PoliciesInForce } from '../../../src/cli/reload/policies-in-force.ts'
import { readPolicies } from '../../../src/cli/reload/reading.ts'
import { Inventory } from '../../../src/inventory/inventory.ts'
import { createLogger } from '../../../src/server/logger.ts'
import { until } from '../../cluster-client/fake-api-server.ts'
import { planText } from './policy-sets.ts'

await test('files that are not taken are told of, and no longer once they are mended', async t => {
  const good = planText('192.168.1.2-192.168.1.99')
  const dir = t.testdir({ 'plan.yaml': good })
  const first = readPolicies([dir])
  const policies = new PoliciesInForce(first, { required: undefined, now: () => 0 })
  const said: string[] = []
  const stop = followPolicies({
    paths: [dir],
    first,
    policies,
    clock: systemClock(),
    log: createLogger({ level: 'silent' }),
    registry: new Registry(),
    changed: () => void said.push('changed'),
    rejected: () => void said.push('rejected'),
    timings: { settleMs: 4, agreeMs: 1 }
  })
  t.teardown(stop)
  const inventory = new Inventory()
  const events = () => policyEvents(inventory, 'poolguard', policies.notTaken())
  t.same(events(), [])
  writeFileSync(join(dir, 'plan.yaml'), `${good}  nonsense: 1\n`)
  await until(() => said.includes('rejected'), 'a rejection')
  t.notOk(said.includes('changed'))
  t.same(events(), [], 'nothing to tell it of')
  inventory.putJson('Namespace', { metadata: { name: 'poolguard', uid: 'u' } })
  const { digest } = policies.snapshot()
  const [event, ...more] = events()
  t.match(event, {
    reason: 'PoliciesRejected',
    note: `The policy files have an error and are not taken; ${digest} stays in force.`
  })
  t.same(more, [])
  writeFileSync(join(dir, 'plan.yaml'), planText('192.168.1.2-192.168.1.98'))
  await until(() => said.includes('changed'), 'a reload')
  t.same(events(), [])
})
