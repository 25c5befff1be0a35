import { test } from 'tap'
import { createAnswerReview } from '../../src/admission/answer-review.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { ACTIONS, type Action } from '../../src/policy/action.ts'
import { createMetrics } from '../../src/server/metrics.ts'

const HEAD = 'apiVersion: poolguard.io/v1alpha1\n'
const PLAN = `${HEAD}kind: NetworkPlan\nmetadata: {name: dc1}\nspec: {}\n`

const policy = (name: string, spec: object) =>
  `---\n${HEAD}kind: ExposurePolicy\nmetadata: {name: ${name}}\nspec: ${JSON.stringify(spec)}\n`

function inventory(): Inventory {
  const held = new Inventory()
  held.setAllKnown()
  for (const name of ['acme', 'beta']) {
    const labels = { tenant: name, tier: name === 'acme' ? 'gold' : 'none' }
    held.putJson('Namespace', { metadata: { name, labels } })
  }
  return held
}

const VIEW = inventory()

/** What is made of port 22 in a Service of this tenant, which every policy denies. */
async function verdict(policies: string, tenant: string) {
  const limits = policy('limits', { services: { ports: { denied: ['22'] } } })
  const snapshot = snapshotOf([{ path: 'p.yaml', text: PLAN + limits + policies }])
  const answer = createAnswerReview({
    snapshot: () => snapshot,
    view: VIEW,
    confirm: async () => [],
    now: () => 0
  })
  const object = rawObject({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: tenant },
    spec: { type: 'NodePort', ports: [{ port: 22 }] }
  })
  const user = { username: 'alice', groups: [] }
  const facts = { uid: 'u', operation: 'CREATE' as const, subResource: '', dryRun: false }
  const body = admissionReview({ ...facts, user, object, oldObject: undefined })
  const { outcome, body: answered } = await answer(body, { path: 'validate', onFault: 'fail' })
  const metrics = createMetrics({ kinds: [], now: () => new Date() })
  metrics.observe(outcome, 1, { path: 'validate', onFault: 'fail' })
  const counted = /poolguard_rule_findings_total\{rule="service-port",action="(\w+)"\} 1/.exec(
    await metrics.registry.metrics()
  )
  return { outcome, body: answered, counted: counted?.[1] }
}

const EXPECTED = {
  deny: { verdict: 'denied', denied: ['service-port'], warned: [], audited: [] },
  warn: { verdict: 'allowed', denied: [], warned: ['service-port'], audited: [] },
  audit: { verdict: 'allowed', denied: [], warned: [], audited: ['service-port'] },
  off: { verdict: 'allowed', denied: [], warned: [], audited: [] }
} as const

const ANNOTATION = { deny: 'denied', warn: 'warned', audit: 'audited', off: undefined } as const

/** Policies that are about acme and not about beta. */
const SCOPES: Readonly<Record<string, object>> = {
  'a tenant': { tenants: ['acme'] },
  'all tenants but one': { exceptTenants: ['beta'] },
  namespaces: { namespaceSelector: { matchLabels: { tier: 'gold' } } }
}

for (const action of ACTIONS) {
  await test(`action ${action} does the same whoever it is for, and does not reach further`, async t => {
    const actions = { 'service-port': action }
    const told = async (policies: string, tenant: string, as: Action, name: string) => {
      const { outcome, body, counted } = await verdict(policies, tenant)
      t.match(outcome, EXPECTED[as], name)
      const { response } = body as {
        response: { auditAnnotations: Record<string, string>; warnings?: readonly string[] }
      }
      const annotated = Object.keys(response.auditAnnotations).filter(key => key !== 'policies')
      t.same(annotated, ANNOTATION[as] === undefined ? [] : [ANNOTATION[as]], name)
      t.equal(response.warnings?.length ?? 0, as === 'warn' ? 1 : 0, name)
      t.equal(counted, as === 'off' ? undefined : as, name)
    }
    await told(policy('all', { actions }), 'acme', action, 'for all')
    await told(policy('all', { actions }), 'beta', action, 'for all')
    for (const [name, appliesTo] of Object.entries(SCOPES)) {
      const scoped = policy('scoped', { appliesTo, actions })
      await told(scoped, 'acme', action, name)
      await told(scoped, 'beta', 'deny', `the rule's own where ${name} are not`)
      const warnsAll = policy('all', { actions: { 'service-port': 'warn' } })
      const strictest = action === 'deny' ? 'deny' : 'warn'
      await told(scoped + warnsAll, 'acme', strictest, `the strictest of two, ${name}`)
      await told(scoped + warnsAll, 'beta', 'warn', `the other one alone, ${name}`)
    }
  })
}

await test('exemptions of more than 100 policies are counted together', async t => {
  const metrics = createMetrics({ kinds: [], now: () => new Date() })
  const { outcome } = await verdict('', 'acme')
  const question = { path: 'validate', onFault: 'fail' } as const
  for (let i = 0; i < 300; i++) {
    metrics.observe({ ...outcome, exempted: [{ rule: 'service-port', policy: `p${i}` }] }, 1, question)
  }
  metrics.observe({ ...outcome, exempted: [{ rule: 'service-port', policy: 'p5' }] }, 1, question)
  const text = await metrics.registry.metrics()
  const lines: readonly string[] = text.match(/^poolguard_exemptions_used_total.*$/gm) ?? []
  t.equal(lines.length, 101)
  t.ok(lines.includes('poolguard_exemptions_used_total{rule="service-port",policy="other"} 200'))
  t.ok(lines.includes('poolguard_exemptions_used_total{rule="service-port",policy="p5"} 2'))
})
