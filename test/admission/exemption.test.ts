import { test } from 'tap'
import { createAnswerReview } from '../../src/admission/answer-review.ts'
import type { Answer } from '../../src/admission/answer.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'
import { ALICE, creation } from './creation.ts'

const HEAD = 'apiVersion: poolguard.io/v1alpha1\n'
const PLAN = `${HEAD}kind: NetworkPlan
metadata: {name: dc1}
spec:
  nodeSubnets: [{cidr: 192.168.1.0/24, gateway: 192.168.1.1}]
  reservedRanges: [{range: 192.168.1.2-192.168.1.99}]
`
const LAB = `${HEAD}kind: ExposurePolicy
metadata: {name: lab}
spec:
  exemptions:
  - {rules: [pool-reserved-range], users: [alice], reason: "single\\nnode", owner: platform, expires: 2027-01-31}
  - {rules: [pool-reserved-range, pool-outside-node-subnet], users: [alice], reason: again, owner: platform, expires: 2027-06-30}
`

const snapshot = snapshotOf([
  { path: 'plan.yaml', text: PLAN },
  { path: 'lab.yaml', text: LAB }
])

/** The answer to alice's pool at a time, and what was read live for it. */
async function ask(
  addresses: readonly string[],
  now: string
): Promise<{ answer: Answer; confirmed: readonly ObjectRef[] }> {
  const inventory = new Inventory()
  inventory.setAllKnown()
  inventory.putJson('L2Advertisement', { metadata: { name: 'l2', namespace: 'kmetal-metallb' }, spec: {} })
  const confirmed: ObjectRef[] = []
  const ports: Ports = {
    snapshot: () => snapshot,
    view: inventory,
    confirm: async refs => {
      confirmed.push(...refs)
      return []
    },
    now: () => Date.parse(now)
  }
  const object = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'p', namespace: 'kmetal-metallb' },
    spec: { addresses }
  }
  const body = creation(object, ALICE)
  const answer = await createAnswerReview(ports)(body, { path: 'validate', onFault: 'fail' })
  return { answer, confirmed: confirmed.filter(({ kind }) => kind !== 'Namespace') }
}

await test('the use of an exemption is in the audit annotations and in the outcome, and nowhere else', async t => {
  const { answer, confirmed } = await ask(
    ['192.168.1.90-192.168.1.110', '10.9.0.0/24'],
    '2027-01-31T12:00:00Z'
  )
  t.match(answer.body, {
    response: {
      allowed: true,
      warnings: undefined,
      auditAnnotations: {
        denied: undefined,
        exempted:
          'pool-outside-node-subnet by ExposurePolicy lab (again); pool-reserved-range by ExposurePolicy lab (single\\u{a}node)'
      }
    }
  })
  t.match(answer.outcome, {
    verdict: 'allowed',
    denied: [],
    exempted: [
      { rule: 'pool-outside-node-subnet', policy: 'lab' },
      { rule: 'pool-reserved-range', policy: 'lab' }
    ]
  })
  t.strictSame(confirmed, [], 'what is exempted is not read live')
})

await test('an exemption that has ended gives way to the next, and then to the denial', async t => {
  const exempted = async (now: string) => {
    const { answer } = await ask(['192.168.1.90-192.168.1.110'], now)
    const { response } = answer.body as {
      response: { allowed: boolean; auditAnnotations: Record<string, string> }
    }
    return [response.allowed, response.auditAnnotations['exempted']]
  }
  const first = 'pool-reserved-range by ExposurePolicy lab (single\\u{a}node)'
  t.strictSame(await exempted('2027-01-31T23:59:59.999Z'), [true, first])
  t.strictSame(await exempted('2027-02-01T00:00:00Z'), [
    true,
    'pool-reserved-range by ExposurePolicy lab (again)'
  ])
  t.strictSame(await exempted('2027-07-01T00:00:00Z'), [false, undefined])
})
