import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { createAnswerReview } from '../../../src/admission/answer-review.ts'
import { warnOfExpired } from '../../../src/cli/reload/follow-policies.ts'
import { PoliciesInForce } from '../../../src/cli/reload/policies-in-force.ts'
import { readPolicies } from '../../../src/cli/reload/reading.ts'
import { Inventory } from '../../../src/inventory/inventory.ts'
import { createLogger } from '../../../src/server/logger.ts'
import { createMetrics } from '../../../src/server/metrics.ts'
import { ALICE, creation } from '../../admission/creation.ts'
import { FakeClock } from './fake-clock.ts'
import { planText, policyText } from './policy-sets.ts'

const exempt = (name: string, expires: string) =>
  policyText(
    name,
    `{exemptions: [{rules: [pool-reserved-range], users: [alice], reason: lab, owner: platform, expires: ${expires}}]}`
  )

await test('an exemption that ends while serving is not applied from then on, and told of within the hour', async t => {
  const dir = t.testdir({
    'plan.yaml': planText('192.168.1.2-192.168.1.99'),
    'lab.yaml': exempt('lab', '2026-11-25')
  })
  const clock = new FakeClock()
  const now = () => Date.parse('2026-11-25T21:30:00Z') + clock.nowMs()
  const policies = new PoliciesInForce(readPolicies([dir]), { required: undefined, now })
  const lines: string[] = []
  const log = createLogger({ level: 'info', stream: { write: line => void lines.push(line) } })
  const expired = warnOfExpired(policies, { log, clock, now })
  const inventory = new Inventory()
  inventory.setAllKnown()
  inventory.putJson('L2Advertisement', { metadata: { name: 'l2', namespace: 'kmetal-metallb' }, spec: {} })
  inventory.putJson('Namespace', { metadata: { name: 'kmetal-metallb' } })
  const ports = { snapshot: () => policies.snapshot(), view: inventory, confirm: async () => [], now }
  const metrics = createMetrics({ kinds: [], now: () => new Date() })
  const object = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'p', namespace: 'kmetal-metallb' },
    spec: { addresses: ['192.168.1.90-192.168.1.95'] }
  }
  const body = creation(object, ALICE)
  const ask = async () => {
    const question = { path: 'validate', onFault: 'fail' } as const
    const { outcome } = await createAnswerReview(ports)(body, question)
    metrics.observe(outcome, 1, question)
    return outcome
  }
  t.match(await ask(), { verdict: 'allowed', exempted: [{ rule: 'pool-reserved-range', policy: 'lab' }] })
  clock.pass(2.5 * 3_600_000 - 1)
  t.match(await ask(), { verdict: 'allowed' }, 'a millisecond before midnight UTC')
  t.same(lines, [])
  clock.pass(1)
  t.match(await ask(), { verdict: 'denied', denied: ['pool-reserved-range'], exempted: [] }, 'at midnight')
  clock.pass(3_600_000)
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0] ?? ''), {
    level: 'warn',
    msg: 'expired',
    exemption: /lab\.yaml:4:\d+: spec\.exemptions\[0\]\.expires: .*has expired/
  })
  clock.pass(48 * 3_600_000)
  t.equal(lines.length, 1, 'told once')
  t.match(
    await metrics.registry.metrics(),
    'poolguard_exemptions_used_total{rule="pool-reserved-range",policy="lab"} 2\n'
  )

  writeFileSync(join(dir, 'more.yaml'), exempt('more', '2026-11-20'))
  t.match(policies.offer(readPolicies([dir])), { outcome: 'loaded' }, 'an expired exemption is no error here')
  expired.look()
  t.equal(lines.length, 2, 'a reload tells of what is new alone')
  t.match(lines[1], 'more.yaml')
  t.match(await ask(), { verdict: 'denied' })
  expired.stop()
  t.equal(clock.pending, 0)
})
