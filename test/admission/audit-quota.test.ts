import { test } from 'tap'
import { auditObjects } from '../../src/admission/audit-run.ts'
import type { CheckReport } from '../../src/admission/check-report.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { KindName } from '../../src/kinds/index.ts'
import { eipQuota } from '../../src/rules/eip-quota.ts'
import { serviceQuota } from '../../src/rules/service-quota.ts'

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: quotas}
spec:
  tenancy:
    ovnEipOwners: [{user: cpo, tenantFromLabel: owner}]
    serviceOwners: [{user: gateway, tenantFromLabel: owner}]
`

function policy(name: string, spec: object): string {
  const head = { apiVersion: 'poolguard.io/v1alpha1', kind: 'ExposurePolicy', metadata: { name } }
  return `---\n${JSON.stringify({ ...head, spec })}\n`
}

const FOR_ALL = policy('tenants', {
  appliesTo: { tenants: ['*'] },
  services: { quota: { loadBalancers: 2 } },
  ovnEips: { quota: 1 }
})

type Json = Readonly<Record<string, unknown>>
type Stored = readonly (readonly [KindName, Json])[]

function namespace(name: string, labels: object): Stored {
  return [['Namespace', { metadata: { name, labels } }]]
}

/** As many LoadBalancer Services. */
function services(inNamespace: string, count: number, labels: object = {}): Stored {
  return Array.from({ length: count }, (_, i) => [
    'Service',
    { metadata: { name: `s${i}`, namespace: inNamespace, labels }, spec: { type: 'LoadBalancer' } }
  ])
}

function eips(tenant: string, count: number): Stored {
  return Array.from({ length: count }, (_, i) => [
    'OvnEip',
    { metadata: { name: `${tenant}-${i}`, labels: { owner: tenant } }, spec: { type: 'nat' } }
  ])
}

interface Testdir {
  testdir(files: Record<string, string>): string
}

function audit(t: Testdir, policies: string, stored: Stored, unknown: readonly KindName[] = []): CheckReport {
  const loaded = loadPolicies([`${t.testdir({ 'plan.yaml': PLAN + policies })}/plan.yaml`])
  // what other rules say of the same objects is theirs to test
  const rules = loaded.rules.filter(({ id }) => [serviceQuota.id, eipQuota.id].includes(id))
  const view = new Inventory()
  view.setAllKnown()
  for (const kind of unknown) view.setKnown(kind, false)
  for (const [kind, json] of stored) {
    if (view.putJson(kind, json).length > 0) throw new Error(`${kind} does not decode`)
  }
  const placeOf = () => ({ path: '', position: () => ({ line: 0, column: 0 }) })
  return auditObjects({ snapshot: { ...loaded, rules }, view, unreadable: [], placeOf, nowMs: 0 })
}

function told({ objects }: CheckReport): readonly string[] {
  return objects.flatMap(({ ref, findings }) =>
    findings.map(({ action, rule, message }) => `${ref.kind} ${ref.name}: ${action} ${message} ${rule}`)
  )
}

const MORE = 'What is there stays, and nothing is added until some are gone.'

void test('a tenant that has more than its quota is told of once, with the policy, the limit and how many', t => {
  const stored = [
    ...namespace('acme-a', { tenant: 'acme' }),
    ...namespace('acme-b', { tenant: 'acme' }),
    ...namespace('beta', { tenant: 'beta' }),
    ...namespace('infra', {}),
    ...services('acme-a', 2),
    ...services('acme-b', 5),
    ...services('beta', 2),
    ...services('infra', 9),
    ...eips('beta', 2),
    ...eips('acme', 1)
  ]
  const report = audit(t, FOR_ALL, stored)
  t.same(told(report), [
    `Tenant acme: deny tenant acme has 7 LoadBalancer Services; ExposurePolicy tenants allows 2. ${MORE} service-quota`,
    `Tenant beta: deny tenant beta has 2 OvnEips; ExposurePolicy tenants allows 1. ${MORE} eip-quota`
  ])
  t.match(report.summary, { denied: 2, unchecked: 0 })
  t.end()
})

void test("a gateway's Service counts for the tenant of its label", t => {
  const stored = [
    ...namespace('acme', { tenant: 'acme' }),
    ...namespace('gw', {}),
    ...services('acme', 2),
    ...services('gw', 1, { owner: 'acme' })
  ]
  t.match(told(audit(t, FOR_ALL, stored)), [/has 3 LoadBalancer Services/])
  t.end()
})

void test('every quota that one of its Services may come under is counted, each once', t => {
  const labs = policy('labs', {
    appliesTo: { namespaceSelector: { matchLabels: { stage: 'lab' } } },
    services: { quota: { loadBalancers: 1 } },
    actions: { 'service-quota': 'warn' }
  })
  const stored = [
    ...namespace('acme', { tenant: 'acme' }),
    ...namespace('acme-lab-a', { tenant: 'acme', stage: 'lab' }),
    ...namespace('acme-lab-b', { tenant: 'acme', stage: 'lab' }),
    ...services('acme', 1),
    ...services('acme-lab-a', 1),
    ...services('acme-lab-b', 1)
  ]
  t.same(told(audit(t, FOR_ALL + labs, stored)), [
    `Tenant acme: warn tenant acme has 2 LoadBalancer Services; ExposurePolicy labs allows 1. ${MORE} service-quota`,
    `Tenant acme: deny tenant acme has 3 LoadBalancer Services; ExposurePolicy tenants allows 2. ${MORE} service-quota`
  ])
  t.end()
})

void test('nothing is told where the rule is off, or no policy has a quota', t => {
  const stored = [...namespace('acme', { tenant: 'acme' }), ...services('acme', 3), ...eips('acme', 3)]
  const off = policy('off', {
    appliesTo: { tenants: ['*'] },
    actions: { 'service-quota': 'off', 'eip-quota': 'off' }
  })
  t.same(told(audit(t, FOR_ALL + off, stored)), [])
  t.same(told(audit(t, '', stored, ['Namespace'])), [])
  t.end()
})

void test('while a kind is not known the count is unchecked; what was counted is told all the same', t => {
  const stored = [...namespace('acme', { tenant: 'acme' }), ...services('acme', 3)]
  const report = audit(t, FOR_ALL, stored, ['Namespace'])
  t.match(told(report), [/has 3 LoadBalancer Services/])
  t.match(
    report.objects.find(({ ref }) => ref.kind === 'Namespace'),
    {
      ref: { name: '' },
      verdict: 'unchecked',
      unchecked: [{ rule: 'service-quota', because: 'kind-unknown', needs: 'Namespace' }]
    }
  )
  const withoutServices = audit(t, FOR_ALL, [], ['Service'])
  t.same(
    withoutServices.objects.flatMap(({ ref, unchecked }) =>
      unchecked.map(({ rule }) => `${ref.kind} ${rule}`)
    ),
    ['Service service-quota'],
    'said once'
  )
  t.end()
})
