import { test } from 'tap'
import { registration, type Client } from '../../src/admission/registration.ts'
import { rbac, watchedKinds } from '../../src/cli/install/rbac.ts'
import { allRules, snapshotOf } from '../../src/cli/policies.ts'
import { KIND_NAMES, KINDS, type KindName } from '../../src/kinds/index.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { RULES } from '../../src/rules/index.ts'
import { defineRule, type AnyRule } from '../../src/rules/rule.ts'

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

/** A plan with these lines of spec. */
function planOf(...spec: readonly string[]): Plan {
  const head = ['apiVersion: poolguard.io/v1alpha1', 'kind: NetworkPlan', 'metadata: {name: test}', 'spec:']
  return snapshotOf([{ path: 'plan.yaml', text: [...head, ...spec.map(line => `  ${line}`), ''].join('\n') }])
    .plan
}

const KEYS = 'namespaceLabels: [capsule.clastix.io/tenant, tenant, team]'
const PLAN = planOf(
  `tenancy: {${KEYS}}`,
  'controllers: {kubeOvn: ["system:serviceaccount:kube-system:it\'s"]}'
)

const CLIENT = { service: { namespace: 'guard', name: 'poolguard', port: 443 } }

function webhooks(which: 0 | 1, plan = PLAN, client: Client = CLIENT): readonly Webhook[] {
  const options = { client, caBundle: 'Y2E=', pathSecret: 'S3cret' }
  return registration(RULES, plan, options)[which]['webhooks'] as readonly Webhook[]
}

function asksAbout(webhook: Webhook, kind: KindName): boolean {
  const { group, resource } = KINDS[kind]
  return webhook.rules.some(rule => rule.apiGroups.includes(group) && rule.resources.includes(resource))
}

/** What must be asked about for a rule to be reached, as `OPERATION RESOURCE`. */
function asksOf({ on, judgesObject, judgesDelete, judgesStatus }: AnyRule): readonly string[] {
  return on.flatMap(kind => {
    const { resource, scaled, writtenThrough = [] } = KINDS[kind]
    return [
      ...(judgesObject ? [`CREATE ${resource}`, `UPDATE ${resource}`] : []),
      ...(judgesObject && scaled !== undefined ? [`UPDATE ${resource}/scale`] : []),
      ...(judgesObject ? writtenThrough.map(other => `UPDATE ${resource}/${other}`) : []),
      ...(judgesDelete ? [`DELETE ${resource}`] : []),
      ...(judgesStatus ? [`UPDATE ${resource}/status`] : [])
    ]
  })
}

function asked(webhook: Webhook): readonly string[] {
  return webhook.rules.flatMap(({ operations, resources }) =>
    resources.flatMap(resource => operations.map(operation => `${operation} ${resource}`))
  )
}

await test('registration() leaves no rule that the API server never asks about', async t => {
  const all = new Set(webhooks(0).flatMap(asked))
  for (const rule of RULES) for (const ask of asksOf(rule)) t.ok(all.has(ask), `${rule.id}: ${ask}`)
  for (const kind of ['Service', 'OvnEip'] as const) {
    t.ok(
      webhooks(1).some(webhook => asksAbout(webhook, kind)),
      `defaults of ${kind}`
    )
  }
})

await test('registration() asks about a DELETE where a rule judges one, and lets cleaners through', async t => {
  const deletes = webhooks(0).find(({ name }) => name === 'deletes.poolguard.io')
  for (const kind of KIND_NAMES) {
    const isJudged = RULES.some(rule => rule.judgesDelete && rule.on.includes(kind))
    t.equal(deletes !== undefined && asksAbout(deletes, kind), isJudged, kind)
  }
  t.match(deletes, { failurePolicy: 'Ignore', matchConditions: [{ expression: /namespace-controller/ }] })
})

await test('registration() only advises on what MetalLB itself is in charge of', async t => {
  const advice = webhooks(0).find(({ name }) => name === 'advice.poolguard.io')
  t.match(advice, { failurePolicy: 'Ignore', clientConfig: { service: { path: '/S3cret/validate/ignore' } } })
  t.same(advice?.rules[0]?.resources, ['bgppeers', 'bfdprofiles'])
})

await test('registration() asks about nothing else, by exact names', async t => {
  const needed = new Set(RULES.flatMap(asksOf))
  for (const webhook of [...webhooks(0), ...webhooks(1)]) {
    for (const { apiGroups, apiVersions, resources } of webhook.rules) {
      for (const name of [...apiGroups, ...apiVersions, ...resources]) t.notMatch(name, /[*]/)
    }
  }
  // Where a subresource is asked about together with its object, a CREATE of it could be as well; there is none.
  for (const ask of webhooks(0).flatMap(asked)) t.ok(needed.has(ask) || /^CREATE .*\//.test(ask), ask)
  t.notOk(
    webhooks(1)
      .flatMap(asked)
      .some(ask => ask.includes('/')),
    'no subresource is defaulted'
  )
})

await test('registration() asks about writes of a status in entries of their own, which fail closed', async t => {
  const entry = webhooks(0).find(({ name }) => name === 'addresses.status.poolguard.io')
  t.match(entry, { failurePolicy: 'Fail', clientConfig: { service: { path: '/S3cret/validate' } } })
  t.same(entry?.rules, [
    {
      apiGroups: ['kubeovn.io'],
      apiVersions: ['v1'],
      operations: ['UPDATE'],
      resources: ['ovn-eips/status', 'iptables-eips/status'],
      scope: '*'
    }
  ])
  const [controllers, changes, ...others] = entry?.matchConditions ?? []
  t.match(controllers?.expression, '"system:serviceaccount:kube-system:it\'s"', 'Kube-OVN goes on without us')
  t.match(changes?.expression, 'object.?status.orValue({}) != oldObject.?status.orValue({})')
  t.same(others, [])
})

await test('registration() asks about every Service that takes an address or opens a port, and about all where policies want it', async t => {
  const named = (which: 0 | 1, types?: string) => {
    const policy = `apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: types}
spec: {services: {${types === undefined ? '' : `allowedTypes: ${types}`}}}
`
    const { exposures } = snapshotOf([
      {
        path: 'p.yaml',
        text: `apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: p}\nspec: {}\n---\n${policy}`
      }
    ])
    const options = { client: CLIENT, caBundle: undefined, pathSecret: undefined, exposures }
    const entries = registration(RULES, PLAN, options)[which]['webhooks'] as readonly Webhook[]
    const names = entries
      .filter(({ name }) => /^(tenant|other)-services[-0-9]*\.(defaults\.)?poolguard/.test(name))
      .map(({ matchConditions }) => matchConditions.map(({ name }) => name).join(' '))
    t.ok(names.length >= 3)
    return [...new Set(names)]
  }
  const exposed = ['not-the-controllers is-exposed changes-something']
  t.same(named(0), exposed)
  t.same(named(0, '[ClusterIP, LoadBalancer]'), exposed)
  t.same(named(0, '[LoadBalancer]'), ['not-the-controllers changes-something'])
  t.same(named(0, '[]'), ['not-the-controllers changes-something'])
  t.same(named(1, '[]'), ['not-the-controllers is-load-balancer changes-something'], 'for defaults')
  const expression = condition('is-exposed', 'Service')
  t.match(expression, 'object.spec.?type.orValue("ClusterIP") != "ClusterIP"')
  t.match(expression, 'size(object.spec.?externalIPs.orValue([])) > 0')
  t.match(condition('changes-something', 'Service'), 'service.beta.kubernetes.io/load-balancer-source-ranges')
})

await test('registration() derives the entries for a status from the rules alone', async t => {
  const rule = defineRule<'Service' | 'OvnEip'>({
    id: 'some-status',
    summary: '',
    why: '',
    fix: '',
    example: '',
    see: [],
    on: ['Service', 'OvnEip'],
    reads: [],
    defaultAction: 'deny',
    checkStatus: () => []
  })
  const options = { client: CLIENT, caBundle: undefined, pathSecret: undefined }
  const entries = registration([rule], PLAN, options)[0]['webhooks'] as readonly Webhook[]
  t.same(
    entries.map(({ name, failurePolicy }) => `${name} ${failurePolicy}`),
    [
      'addresses.status.poolguard.io Fail',
      'tenant-services-1.status.poolguard.io Fail',
      'tenant-services-2.status.poolguard.io Fail',
      'tenant-services-3.status.poolguard.io Fail',
      'other-services.status.poolguard.io Ignore'
    ],
    'and none for the objects themselves'
  )
  const services = entries.filter(({ name }) => name.includes('services'))
  for (const entry of services) {
    t.same(asked(entry), ['UPDATE services/status'], entry.name)
    t.match(entry.namespaceSelector?.matchExpressions.at(-1), { key: 'kubernetes.io/metadata.name' })
    t.same(
      entry.matchConditions.map(({ name }) => name),
      ['not-the-controllers', 'is-load-balancer', 'changes-something']
    )
    t.match(
      entry.matchConditions.at(-1)?.expression,
      'object.metadata.?annotations',
      'they can be written so'
    )
  }
})

await test('registration() asks about deletions of what may be in use, and lets them pass when it is down', async t => {
  const deletes = webhooks(0).find(({ name }) => name === 'deletes.poolguard.io')
  t.match(deletes, {
    failurePolicy: 'Ignore',
    clientConfig: { service: { path: '/S3cret/validate/ignore' } },
    matchConditions: [{ name: 'not-the-controllers' }]
  })
  const kept = KIND_NAMES.filter(kind => deletes !== undefined && asksAbout(deletes, kind))
  t.ok(kept.includes('IPAddressPool'))
  for (const kind of KIND_NAMES)
    t.equal(
      kept.includes(kind),
      RULES.some(rule => rule.judgesDelete && rule.on.includes(kind)),
      kind
    )
  for (const cleaner of ['namespace-controller', 'generic-garbage-collector'])
    t.match(deletes?.matchConditions[0]?.expression, `"system:serviceaccount:kube-system:${cleaner}"`)
})

await test('registration() sets what the API server needs in every webhook', async t => {
  const names = [...webhooks(0), ...webhooks(1)].map(webhook => webhook.name)
  t.equal(new Set(names).size, names.length)
  for (const webhook of [...webhooks(0), ...webhooks(1)]) {
    const isValidating = JSON.stringify(webhook.clientConfig).includes('/validate')
    t.match(webhook, {
      matchPolicy: 'Equivalent',
      sideEffects: isValidating ? 'NoneOnDryRun' : 'None',
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
    clientConfig: { service: { ...CLIENT.service, path: '/S3cret/validate' } }
  })
  t.match(byName.get('tenant-services-1.poolguard.io'), { failurePolicy: 'Fail' })
  t.match(byName.get('other-services.poolguard.io'), {
    failurePolicy: 'Ignore',
    clientConfig: { service: { path: '/S3cret/validate/ignore' } }
  })
  t.ok(webhooks(1).every(({ failurePolicy }) => failurePolicy === 'Fail'))
  t.notOk(webhooks(1).some(({ name }) => name.startsWith('other-services')))
  const outside = webhooks(0, PLAN, { url: 'https://192.0.2.1:8443' })
  t.equal(outside[0]?.clientConfig.url, 'https://192.0.2.1:8443/S3cret/validate')
})

await test('registration() fails closed for all Services where unlabelled namespaces are tenants', async t => {
  const plans = {
    untrusted: planOf(`tenancy: {${KEYS}, unlabelledNamespaces: untrusted}`),
    tenantCluster: planOf('scope: tenantCluster', 'tenant: acme', `tenancy: {${KEYS}}`)
  }
  for (const [name, plan] of Object.entries(plans)) {
    for (const [which, path] of [
      [0, '/S3cret/validate'],
      [1, '/S3cret/mutate']
    ] as const) {
      const others = webhooks(which, plan).find(webhook => webhook.name.startsWith('other-services'))
      t.match(others, { failurePolicy: 'Fail', clientConfig: { service: { path } } }, `${name} ${path}`)
    }
    t.same(selected({}, plan), ['other-services'])
    t.same(selected({ 'kubernetes.io/metadata.name': 'kube-public' }, plan), ['other-services'])
    t.same(selected({ 'kubernetes.io/metadata.name': 'kube-system' }, plan), [])
  }
})

/** Which validating Service webhooks a namespace with these labels gets, by their selectors. */
function selected(
  labels: Readonly<Record<string, string>>,
  plan = PLAN,
  client: Client = CLIENT
): readonly string[] {
  const holds = (expression: { key: string; operator: string; values?: string[] }): boolean => {
    const value = labels[expression.key]
    if (expression.operator === 'Exists') return value !== undefined
    if (expression.operator === 'DoesNotExist') return value === undefined
    return value === undefined || !(expression.values ?? []).includes(value)
  }
  return webhooks(0, plan, client)
    .filter(webhook => asksAbout(webhook, 'Service'))
    .filter(({ namespaceSelector }) => namespaceSelector?.matchExpressions.every(holds))
    .map(({ name }) => name.split('.')[0] ?? '')
}

await test('every namespace gets exactly one Service webhook, kube-system and its own none', async t => {
  t.same(selected({ 'capsule.clastix.io/tenant': 'acme' }), ['tenant-services-1'])
  t.same(selected({ tenant: 'acme' }), ['tenant-services-2'])
  t.same(selected({ team: 'acme', tenant: 'acme' }), ['tenant-services-2'])
  t.same(selected({ team: 'acme' }), ['tenant-services-3'])
  t.same(selected({}), ['other-services'])
  t.same(selected({ 'kubernetes.io/metadata.name': 'kube-system' }), [])
  t.same(selected({ 'kubernetes.io/metadata.name': 'guard', tenant: 'acme' }), [])
  const poolguard = { 'kubernetes.io/metadata.name': 'poolguard', tenant: 'acme' }
  t.same(selected(poolguard), ['tenant-services-2'], 'only the namespace it runs in')
  const outside = { url: 'https://192.0.2.1:8443' }
  t.same(selected(poolguard, PLAN, outside), ['tenant-services-2'], 'none when it runs outside')
  t.same(selected({ 'kubernetes.io/metadata.name': 'kube-system' }, PLAN, outside), [])
})

await test('registration() asks about Namespaces only when others than the platform say whose they are', async t => {
  const plan = planOf(
    `tenancy: {${KEYS}}`,
    'platform: {users: [root], groups: ["system:masters"], namespaces: []}'
  )
  const webhook = webhooks(0, plan).find(one => asksAbout(one, 'Namespace'))
  t.match(webhook, { name: 'namespaces.poolguard.io', failurePolicy: 'Fail' })
  t.notOk(
    webhooks(0).some(
      one => one !== webhook && one.name.startsWith('addresses') && asksAbout(one, 'Namespace')
    )
  )
  t.match(condition('not-the-platform', 'Namespace', plan), 'in ["root"]')
  t.match(condition('not-the-platform', 'Namespace', plan), 'g in ["system:masters"]')
  const changes = condition('changes-the-tenant', 'Namespace', plan)
  t.match(changes, '["capsule.clastix.io/tenant", "tenant", "team"].exists')
  t.match(changes, 'ownerReferences')
})

await test('registration() fails open for kinds on which rules only warn', async t => {
  const webhook = webhooks(0).find(one => asksAbout(one, 'TenantControlPlane'))
  t.match(webhook, { name: 'advice.poolguard.io', failurePolicy: 'Ignore' })
})

function condition(name: string, kind: KindName, plan = PLAN): string {
  const webhook = webhooks(0, plan).find(one => asksAbout(one, kind))
  return webhook?.matchConditions.find(one => one.name === name)?.expression ?? ''
}

await test('registration() quotes the names of controllers', async t => {
  const expression = condition('not-the-controllers', 'IPAddressPool')
  t.match(expression, '"system:serviceaccount:kube-system:it\'s"')
  t.match(expression, '"system:serviceaccount:kmetal-metallb:controller"')
})

await test("registration() exempts MetalLB's accounts only where the plan says MetalLB runs", async t => {
  const elsewhere = condition(
    'not-the-controllers',
    'Service',
    planOf('metallb: {namespace: metallb-system}')
  )
  t.match(elsewhere, '"system:serviceaccount:metallb-system:controller"')
  t.match(elsewhere, '"system:serviceaccount:metallb-system:speaker"')
  t.notMatch(elsewhere, 'kmetal-metallb')
  for (const kind of ['IPAddressPool', 'Service', 'OvnEip'] as const) {
    t.notMatch(condition('not-the-controllers', kind), 'metallb-system', kind)
  }
  const named = planOf(
    'controllers: {metallb: ["metallb-operator", "system:serviceaccount:kmetal-metallb-x:controller"]}'
  )
  t.match(
    condition('not-the-controllers', 'Service', named),
    'in ["metallb-operator", "system:serviceaccount:kube-'
  )
})

await test('registration() asks again when labels change, since pools select Services by them', async t => {
  for (const kind of ['Service', 'IPAddressPool', 'OvnEip'] as const) {
    const expression = condition('changes-something', kind)
    t.match(expression, 'object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({})', kind)
    t.match(expression, 'object.?spec.orValue({}) != oldObject.?spec.orValue({})', kind)
  }
  t.match(condition('changes-something', 'Service'), 'k.startsWith("metallb.")')
})

await test('rbac() reads exactly what is watched, and of all writes creates Events alone', async t => {
  const [role] = rbac(RULES, 'poolguard')
  const rules = role['rules'] as readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[]
  const reads = rules.filter(({ apiGroups }) => !apiGroups.includes('events.k8s.io'))
  for (const { verbs } of reads) t.same(verbs, ['get', 'list', 'watch'])
  t.strictSame(
    rules.filter(rule => !reads.includes(rule)),
    [{ apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] }]
  )
  const resources = reads.flatMap(rule => rule.resources)
  t.same(
    resources.toSorted(),
    watchedKinds(RULES)
      .map(kind => KINDS[kind].resource)
      .toSorted()
  )
  for (const rule of RULES)
    for (const kind of rule.reads) t.ok(watchedKinds(RULES).includes(kind), `${rule.id}: ${kind}`)
})

await test('rbac() writes the ledger, in the own namespace, and no other ConfigMap', async t => {
  const [, , role, binding] = rbac(RULES, 'guard')
  t.match(role, { kind: 'Role', metadata: { namespace: 'guard' } })
  t.strictSame(role['rules'], [
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['poolguard-ledger'],
      verbs: ['get', 'patch']
    },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }
  ])
  t.match(binding, {
    kind: 'RoleBinding',
    metadata: { namespace: 'guard' },
    roleRef: { kind: 'Role' },
    subjects: [{ namespace: 'guard' }]
  })
})

await test('registration() asks about what accounts write for tenants like about what tenants write', async t => {
  const plan = planOf(`tenancy: {${KEYS}, serviceOwners: [{user: gw, tenant: acme}]}`)
  const [validating, mutating] = [webhooks(0, plan), webhooks(1, plan)]
  const mapped = validating.find(({ name }) => name === 'mapped-services.poolguard.io')
  t.match(mapped, { failurePolicy: 'Fail', clientConfig: { service: { path: '/S3cret/validate' } } })
  t.match(mapped?.matchConditions[0], { expression: 'request.userInfo.username in ["gw"]' })
  const others = validating.find(({ name }) => name === 'other-services.poolguard.io')
  t.match(others, { failurePolicy: 'Ignore' })
  t.match(others?.matchConditions[0], { expression: '!(request.userInfo.username in ["gw"])' })
  t.same(mapped?.namespaceSelector, others?.namespaceSelector)
  t.match(
    mutating.find(({ name }) => name === 'mapped-services.defaults.poolguard.io'),
    { failurePolicy: 'Fail' }
  )
  const names = (of = PLAN) => [...webhooks(0, of), ...webhooks(1, of)].map(({ name }) => name)
  t.same(names(plan).filter(name => name.startsWith('mapped')).length, 2, 'none for statuses')
  t.same(
    names().filter(name => name.startsWith('mapped')),
    [],
    'none without such accounts'
  )
  const tenantCluster = planOf(
    'scope: tenantCluster',
    'tenant: acme',
    'tenancy: {serviceOwners: [{user: gw, tenant: acme}]}'
  )
  t.same(
    names(tenantCluster).filter(name => name.startsWith('mapped')),
    [],
    'none where others fail closed'
  )
})

/** The validating entries with these custom rules, in CEL that is always true. */
function withCustomRules(rules: readonly string[], actions = '{}'): readonly Webhook[] {
  const head = ['apiVersion: poolguard.io/v1alpha1', 'kind: ExposurePolicy', 'metadata: {name: own}', 'spec:']
  const text = [
    ...head,
    `  actions: ${actions}`,
    '  customRules:',
    ...rules.map(rule => `  - {${rule}, expression: "true"}`)
  ]
  const plan = 'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: test}\nspec: {}\n'
  const files = [
    { path: 'plan.yaml', text: plan },
    { path: 'own.yaml', text: text.join('\n') }
  ]
  const { exposures } = snapshotOf(files)
  const options = { client: CLIENT, caBundle: undefined, pathSecret: undefined, exposures }
  return registration(allRules(exposures), PLAN, options)[0]['webhooks'] as readonly Webhook[]
}

await test('registration() asks about every write that a custom rule judges', async t => {
  const conditionsOf = (entries: readonly Webhook[], kind: KindName, operation: string) =>
    entries
      .filter(
        entry =>
          asksAbout(entry, kind) && entry.rules.some(({ operations }) => operations.includes(operation))
      )
      .filter(({ name }) => !name.startsWith('status.') && !name.includes('.status.'))
      .map(({ failurePolicy, matchConditions }) =>
        [failurePolicy, ...matchConditions.map(({ name }) => name)].join(' ')
      )
  const some = withCustomRules(['id: own-pools, kinds: [IPAddressPool]'])
  t.same(conditionsOf(some, 'IPAddressPool', 'UPDATE'), ['Fail not-the-controllers'])
  t.same(conditionsOf(some, 'Subnet', 'UPDATE'), ['Fail not-the-controllers changes-something'])
  t.match(conditionsOf(some, 'Service', 'CREATE')[0], 'is-exposed')
  const services = withCustomRules(['id: own-services, kinds: [Service]'])
  for (const conditions of conditionsOf(services, 'Service', 'UPDATE'))
    t.notMatch(conditions, /is-exposed|changes/)
  const nodes = withCustomRules(['id: own-nodes, kinds: [Node, Namespace]'])
  t.same(conditionsOf(nodes, 'Node', 'UPDATE'), ['Ignore not-the-controllers'])
  t.same(
    conditionsOf(nodes, 'Namespace', 'UPDATE').toSorted(),
    ['Fail not-the-platform changes-the-tenant', 'Ignore not-the-controllers'],
    'what says whose a namespace is fails closed as before'
  )
  const vips = (action: string, actions?: string) =>
    conditionsOf(
      withCustomRules([`id: own-tenants, kinds: [Tenant], action: ${action}`], actions),
      'Tenant',
      'CREATE'
    )
  t.same(vips('deny'), ['Fail not-the-controllers'])
  t.same(vips('warn'), ['Ignore not-the-controllers'], "what only warns is in nobody's way")
  t.same(vips('warn', '{own-tenants: deny}'), ['Fail not-the-controllers'], 'unless a policy has it deny')
  const deletes = withCustomRules(['id: own-tenants, kinds: [Tenant], operations: [DELETE]'])
  t.same(conditionsOf(deletes, 'Tenant', 'DELETE'), ['Ignore not-the-controllers'])
  t.same(conditionsOf(deletes, 'Tenant', 'CREATE'), [])
})
