import { test } from 'tap'
import { registration } from '../../src/admission/registration.ts'
import { rbac, watchedKinds } from '../../src/cli/install/rbac.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { KINDS, type KindName } from '../../src/kinds/index.ts'
import { RULES } from '../../src/rules/index.ts'

interface Webhook {
  readonly name: string
  readonly failurePolicy: string
  readonly clientConfig: { readonly url?: string; readonly caBundle?: string; readonly service?: object }
  readonly namespaceSelector?: {
    readonly matchExpressions: readonly { key: string; operator: string; values?: string[] }[]
  }
  readonly matchConditions: readonly { name: string; expression: string }[]
  readonly rules: readonly {
    apiGroups: string[]
    resources: string[]
    operations: string[]
    apiVersions: string[]
  }[]
  readonly [other: string]: unknown
}

const { plan } = snapshotOf([
  {
    path: 'plan.yaml',
    text: `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: test}
spec:
  tenancy: {namespaceLabels: [capsule.clastix.io/tenant, tenant, team]}
  controllers: {kubeOvn: ["system:serviceaccount:kube-system:it's"]}
`
  }
])

const CLIENT = { url: 'https://127.0.0.1:8443' }

function webhooks(which: 0 | 1): readonly Webhook[] {
  const configuration = registration(RULES, plan, { client: CLIENT, caBundle: 'Y2E=' })[which]
  return configuration['webhooks'] as readonly Webhook[]
}

function asksAbout(webhook: Webhook, kind: KindName): boolean {
  const { group, resource } = KINDS[kind]
  return webhook.rules.some(rule => rule.apiGroups.includes(group) && rule.resources.includes(resource))
}

await test('registration() leaves no rule that the API server never asks about', async t => {
  for (const rule of RULES) {
    for (const kind of rule.on)
      t.ok(
        webhooks(0).some(webhook => asksAbout(webhook, kind)),
        `${rule.id} on ${kind}`
      )
  }
  for (const kind of ['Service', 'OvnEip'] as const) {
    t.ok(
      webhooks(1).some(webhook => asksAbout(webhook, kind)),
      `defaults of ${kind}`
    )
  }
})

await test('registration() asks about nothing else, by exact names', async t => {
  const judged = new Set(RULES.flatMap(rule => rule.on.map(kind => KINDS[kind].resource)))
  for (const webhook of [...webhooks(0), ...webhooks(1)]) {
    for (const { apiGroups, apiVersions, resources, operations } of webhook.rules) {
      for (const name of [...apiGroups, ...apiVersions, ...resources]) t.notMatch(name, /[*/]/)
      for (const resource of resources) t.ok(judged.has(resource), resource)
      t.same(operations, ['CREATE', 'UPDATE'])
    }
  }
})

await test('registration() sets what the API server needs in every webhook', async t => {
  const names = [...webhooks(0), ...webhooks(1)].map(webhook => webhook.name)
  t.equal(new Set(names).size, names.length)
  for (const webhook of [...webhooks(0), ...webhooks(1)]) {
    t.match(webhook, {
      matchPolicy: 'Equivalent',
      sideEffects: 'None',
      timeoutSeconds: 5,
      admissionReviewVersions: ['v1']
    })
    t.match(webhook.name, /^[a-z0-9-]+(\.[a-z0-9-]+){2,}$/)
    t.equal(webhook.clientConfig.caBundle, 'Y2E=')
  }
  for (const webhook of webhooks(1)) t.match(webhook, { reinvocationPolicy: 'IfNeeded' })
})

await test('registration() fails closed for addresses and tenants, open for other Services', async t => {
  const byName = new Map(webhooks(0).map(webhook => [webhook.name, webhook]))
  t.match(byName.get('addresses.poolguard.io'), {
    failurePolicy: 'Fail',
    clientConfig: { url: `${CLIENT.url}/validate` }
  })
  t.match(byName.get('tenant-services-1.poolguard.io'), { failurePolicy: 'Fail' })
  t.match(byName.get('other-services.poolguard.io'), {
    failurePolicy: 'Ignore',
    clientConfig: { url: `${CLIENT.url}/validate/ignore` }
  })
  t.ok(webhooks(1).every(({ failurePolicy }) => failurePolicy === 'Fail'))
})

/** Which Service webhooks a namespace with these labels gets, by their selectors. */
function selected(labels: Readonly<Record<string, string>>): readonly string[] {
  const holds = (expression: { key: string; operator: string; values?: string[] }): boolean => {
    const value = labels[expression.key]
    if (expression.operator === 'Exists') return value !== undefined
    if (expression.operator === 'DoesNotExist') return value === undefined
    return value === undefined || !(expression.values ?? []).includes(value)
  }
  return webhooks(0)
    .filter(({ namespaceSelector }) => namespaceSelector?.matchExpressions.every(holds))
    .map(({ name }) => name.split('.')[0] ?? '')
}

await test('every namespace gets exactly one Service webhook, and kube-system none', async t => {
  t.same(selected({ 'capsule.clastix.io/tenant': 'acme' }), ['tenant-services-1'])
  t.same(selected({ tenant: 'acme' }), ['tenant-services-2'])
  t.same(selected({ team: 'acme', tenant: 'acme' }), ['tenant-services-2'])
  t.same(selected({ team: 'acme' }), ['tenant-services-3'])
  t.same(selected({}), ['other-services'])
  t.same(selected({ 'kubernetes.io/metadata.name': 'kube-system' }), [])
  t.same(selected({ 'kubernetes.io/metadata.name': 'poolguard', tenant: 'acme' }), [])
})

await test('registration() quotes the names of controllers', async t => {
  const [condition] = webhooks(0)[0]?.matchConditions ?? []
  t.match(condition?.expression, '"system:serviceaccount:kube-system:it\'s"')
  t.match(condition?.expression, '"system:serviceaccount:kmetal-metallb:controller"')
})

await test('rbac() reads exactly what is watched and writes nothing', async t => {
  const [role] = rbac(RULES, 'poolguard')
  const rules = role['rules'] as readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[]
  for (const { verbs } of rules) t.same(verbs, ['get', 'list', 'watch'])
  const resources = rules.flatMap(rule => rule.resources)
  t.same(
    resources.toSorted(),
    watchedKinds(RULES)
      .map(kind => KINDS[kind].resource)
      .toSorted()
  )
  for (const rule of RULES)
    for (const kind of rule.reads) t.ok(watchedKinds(RULES).includes(kind), `${rule.id}: ${kind}`)
})
