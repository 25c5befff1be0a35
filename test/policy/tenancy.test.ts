import { test } from 'tap'
import { Inventory } from '../../src/inventory/inventory.ts'
import { decodeObject, type KindName } from '../../src/kinds/index.ts'
import type { Namespace } from '../../src/kinds/namespace.ts'
import { sharedDomains } from '../../src/policy/domains.ts'
import { defaultPool, grantedPools, grantedSubnets, tenantOfSubnet } from '../../src/policy/grants.ts'
import type { Grantee } from '../../src/policy/grants.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import {
  ownerInNamespace,
  ownerOfClusterScoped,
  requesterOf,
  tenancyIn,
  tenancyOfNamespace
} from '../../src/policy/tenancy.ts'
import type { Tenancy } from '../../src/policy/tenancy.ts'
import { UNRESTRICTED } from './unrestricted.ts'

function planOf(spec: object): Plan {
  const plan = { apiVersion: 'poolguard.io/v1alpha1', kind: 'NetworkPlan', metadata: { name: 'dc1' }, spec }
  const parsed = parsePolicies([{ path: 'p.json', text: JSON.stringify(plan) }], new Map())
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return parsed.policies.plan
}

/** What is stored: Capsule's Tenant acme with uid u, and Tenant beta, which was made anew. */
function tenantsOf(...tenants: readonly object[]): Inventory {
  const view = new Inventory()
  view.setKnown('Tenant', true)
  for (const metadata of tenants) view.putJson('Tenant', { metadata })
  return view
}

const VIEW = tenantsOf({ name: 'acme', uid: 'u' }, { name: 'beta', uid: 'u-2' })

function namespaceOf(labels: object, owners: readonly string[] = [], namespace = 'n'): Namespace {
  const ownerReferences = owners.map(owner => {
    const [apiVersion, kind, name] = owner.split(' ')
    return { apiVersion, kind, name, uid: 'u' }
  })
  const decoded = decodeObject('Namespace', { metadata: { name: namespace, labels, ownerReferences } })
  if (!decoded.ok) throw new Error('no namespace')
  return decoded.object
}

/** Without policies, as these are about the plan. */
function grantee(plan: Plan, tenancy: Tenancy): Grantee {
  return { plan, tenancy, exposure: UNRESTRICTED }
}

/** A tenancy as one line. */
function brief(tenancy: Tenancy): string {
  return Object.values(tenancy).join(' ')
}

const CAPSULE = 'capsule.clastix.io/tenant'
const ACME = 'capsule.clastix.io/v1beta2 Tenant acme'
const ACME_TENANT: Tenancy = { kind: 'tenant', name: 'acme' }
const PLATFORM: Tenancy = { kind: 'platform' }

await test('tenancyOfNamespace() believes a Capsule label only with its owner', async t => {
  const plan = planOf({})
  const rows: readonly (readonly [object, readonly string[], string])[] = [
    [{}, [], 'platform'],
    [{ [CAPSULE]: 'acme' }, [ACME], 'tenant acme'],
    [{ [CAPSULE]: 'beta' }, ['capsule.clastix.io/v1beta2 Tenant beta'], 'inconsistent beta another-uid'],
    [{ [CAPSULE]: 'gone' }, ['capsule.clastix.io/v1beta2 Tenant gone'], 'inconsistent gone no-such-tenant'],
    [
      { [CAPSULE]: 'constructor' },
      ['capsule.clastix.io/v1beta2 Tenant constructor'],
      'inconsistent constructor no-such-tenant'
    ],
    [{ [CAPSULE]: 'acme' }, [], 'inconsistent acme label-without-owner'],
    [
      { [CAPSULE]: 'acme' },
      ['capsule.clastix.io.evil/v1 Tenant acme'],
      'inconsistent acme label-without-owner'
    ],
    [
      { [CAPSULE]: 'acme' },
      ['capsule.clastix.io/v1beta2 Owner acme'],
      'inconsistent acme label-without-owner'
    ],
    [{}, [ACME], 'inconsistent acme owner-without-label'],
    [{ tenant: 'beta' }, [ACME], 'inconsistent acme owner-without-label'],
    [{ [CAPSULE]: 'beta' }, [ACME], 'inconsistent beta owner-mismatch'],
    [{ [CAPSULE]: 'acme' }, [ACME, ACME], 'inconsistent acme several-owners'],
    [{ [CAPSULE]: 'acme' }, [ACME, 'v1 ConfigMap x'], 'tenant acme'],
    [{ [CAPSULE]: 'acme', tenant: 'beta' }, [ACME], 'tenant acme'],
    [{ [CAPSULE]: '', tenant: '' }, [], 'inconsistent  empty-label'],
    [{ tenant: 'beta' }, [], 'tenant beta'],
    [{ tenant: 'constructor' }, [], 'tenant constructor'],
    [{ 'projectcapsule.dev/tenant': 'acme' }, [], 'platform']
  ]
  for (const [labels, owners, expected] of rows) {
    const tenancy = tenancyOfNamespace(plan, VIEW, namespaceOf(labels, owners))
    t.equal(brief(tenancy), expected, JSON.stringify([labels, owners]))
  }
  t.equal(brief(tenancyIn(plan, VIEW, 'kube-system')), 'unknown Namespace')
  const unread = tenancyOfNamespace(plan, new Inventory(), namespaceOf({ [CAPSULE]: 'acme' }, [ACME]))
  t.equal(brief(unread), 'unknown Tenant', 'nobody knows which Tenants there are')
  const other = planOf({ tenancy: { namespaceLabels: ['tenant', CAPSULE] } })
  const both = namespaceOf({ tenant: 'beta', [CAPSULE]: 'acme' }, [ACME])
  t.equal(brief(tenancyOfNamespace(other, VIEW, both)), 'tenant beta', 'the plan orders the keys')
  const without = planOf({ tenancy: { namespaceLabels: ['tenant'] } })
  t.equal(brief(tenancyOfNamespace(without, VIEW, namespaceOf({ [CAPSULE]: 'acme' }))), 'platform')
})

await test('tenancyOfNamespace() gives unlabelled namespaces to nobody when the plan distrusts them', async t => {
  const untrusted = { tenancy: { unlabelledNamespaces: 'untrusted' }, platform: { namespaces: ['infra'] } }
  const plan = planOf({ ...untrusted, metallb: { namespace: 'lb' } })
  const names = ['default', 'kmetal-metallb', 'kube-system', 'lb', 'infra']
  t.strictSame(
    names.map(name => brief(tenancyOfNamespace(plan, VIEW, namespaceOf({}, [], name)))),
    ['unmapped', 'unmapped', 'platform', 'platform', 'platform']
  )
  t.equal(brief(tenancyOfNamespace(plan, VIEW, namespaceOf({ tenant: 'acme' }, [], 'infra'))), 'tenant acme')
  const own = planOf({ scope: 'tenantCluster', tenant: 'acme' })
  t.strictSame(
    ['default', 'kube-system'].map(name =>
      brief(tenancyOfNamespace(own, VIEW, namespaceOf({ tenant: 'x' }, [], name)))
    ),
    ['tenant acme', 'platform']
  )
})

await test('ownerInNamespace() maps accounts that act for tenants, in the platform’s namespaces alone', async t => {
  const view = tenantsOf()
  for (const [name, labels] of [
    ['gateways', {}],
    ['infra', {}],
    ['unproven', { 'capsule.clastix.io/tenant': 'beta' }],
    ['acme-web', { tenant: 'acme' }]
  ] as const)
    view.putJson('Namespace', { metadata: { name, labels } })
  const serviceOwners = [
    { user: 'gateway', tenantFromLabel: 'example.com/for' },
    { user: 'beta-gateway', tenant: 'beta' },
    { user: 'envoy', namespaceFromLabel: 'example.com/of' }
  ]
  const plan = planOf({ tenancy: { serviceOwners } })
  const ownerOf = (username: string, namespace: string, labels: readonly [string, string][] = []) => {
    const requester = requesterOf(plan, { username, groups: ['system:masters'] })
    return brief(ownerInNamespace(plan, view, { requester, namespace, labels: new Map(labels) }))
  }
  t.equal(ownerOf('gateway', 'gateways', [['example.com/for', 'acme']]), 'tenant acme')
  t.equal(ownerOf('gateway', 'gateways'), 'unmapped', 'the label is missing')
  t.equal(ownerOf('gateway-2', 'gateways', [['example.com/for', 'acme']]), 'platform', 'whole names')
  t.equal(ownerOf('beta-gateway', 'gateways'), 'tenant beta')
  t.equal(ownerOf('beta-gateway', 'acme-web'), 'tenant acme', 'the namespace counts more')
  t.equal(ownerOf('gateway', 'elsewhere'), 'unknown Namespace')
  const of = (namespace: string) => ownerOf('envoy', 'gateways', [['example.com/of', namespace]])
  t.equal(of('acme-web'), 'tenant acme')
  t.equal(of('infra'), 'platform')
  t.match(of('unproven'), 'inconsistent')
  t.equal(of('elsewhere'), 'unknown Namespace')
  t.equal(ownerOf('envoy', 'gateways', [['example.com/for', 'acme']]), 'unmapped', 'the label is missing')
  t.equal(ownerOf('envoy', 'acme-web', [['example.com/of', 'infra']]), 'tenant acme', 'its own namespace')
})

await test('requesterOf() compares whole names', async t => {
  const plan = planOf({ platform: { users: ['root'] } })
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ['root', [], 'platform -'],
    ['alice', ['system:masters'], 'platform -'],
    ['alice', ['system:masters:x', 'acme-admins'], 'other -'],
    ['system:masters', [], 'other -'],
    ['system:serviceaccount:kube-system:ovn', [], 'controller kubeOvn'],
    ['system:serviceaccount:kube-system:ovn', ['system:masters'], 'platform kubeOvn'],
    ['system:serviceaccount:kube-system:ovn2', [], 'other -'],
    ['system:serviceaccount:kmetal-metallb:controller', [], 'controller metallb'],
    ['system:serviceaccount:kamaji-system-evil:x', ['system:serviceaccounts:kamaji-system'], 'other -'],
    ['', [], 'other -']
  ]
  for (const [username, groups, expected] of rows) {
    const { role, controller } = requesterOf(plan, { username, groups })
    t.equal(`${role} ${controller ?? '-'}`, expected, username)
  }
})

await test('ownerOfClusterScoped() maps accounts to tenants, first match first', async t => {
  const plan = planOf({
    controllers: { cpo: ['cpo', 'cpo2'], gitops: ['flux'] },
    tenancy: {
      ovnEipOwners: [
        { user: 'cpo', tenantFromLabel: 'kmetal/tenant' },
        { user: 'beta-cpo', tenant: 'beta' },
        { user: 'beta-cpo', tenant: 'gamma' },
        { user: 'root', tenant: 'beta' }
      ]
    }
  })
  const owner = (
    username: string,
    labels: readonly (readonly [string, string])[] = [],
    groups: string[] = []
  ) => brief(ownerOfClusterScoped(plan, requesterOf(plan, { username, groups }), new Map(labels)))
  t.equal(owner('cpo', [['kmetal/tenant', 'acme']]), 'tenant acme')
  t.equal(owner('cpo', [['kmetal/tenant', '']]), 'unmapped')
  t.equal(owner('cpo', [['tenant', 'acme']]), 'unmapped')
  t.equal(
    owner('cpo2', [['kmetal/tenant', 'acme']]),
    'unmapped',
    'acts for tenants, but no mapping says for whom'
  )
  t.equal(owner('beta-cpo', [['kmetal/tenant', 'acme']]), 'tenant beta')
  t.equal(owner('root', [], ['system:masters']), 'platform')
  t.equal(owner('flux'), 'platform')
  t.equal(owner('system:serviceaccount:kube-system:ovn'), 'platform')
  t.equal(owner('mallory', [['kmetal/tenant', 'acme']]), 'unmapped')
})

await test('grantedPools() and defaultPool() follow the class and the VLAN', async t => {
  const globalPool = { ipAddressPool: 'shared', ipAddressPoolByClass: { controlPlane: 'cp' } }
  const vlan = { exposure: 'ccmProxy', ipAddressPool: 'acme-vlan' }
  const plan = planOf({
    globalPool,
    tenancy: {
      tenants: [
        { name: 'acme', networkingMode: 'vlan', vlan },
        { name: 'own', networkingMode: 'vlan', vlan: { exposure: 'tenantMetalLB' } }
      ]
    }
  })
  const beta: Tenancy = { kind: 'tenant', name: 'beta' }
  const own: Tenancy = { kind: 'tenant', name: 'own' }
  t.strictSame(grantedPools(grantee(plan, beta), 'direct'), ['shared'])
  t.strictSame(grantedPools(grantee(plan, beta), 'controlPlane'), ['cp', 'shared'])
  t.strictSame(grantedPools(grantee(plan, own), 'mirrored'), ['shared'])
  t.strictSame(grantedPools(grantee(plan, ACME_TENANT), 'controlPlane'), ['acme-vlan', 'cp', 'shared'])
  t.equal(grantedPools(grantee(plan, PLATFORM), 'direct'), 'all')
  t.strictSame(
    [beta, own, ACME_TENANT, PLATFORM].map(tenancy => defaultPool(grantee(plan, tenancy), 'direct')),
    ['shared', 'shared', 'acme-vlan', undefined]
  )
  t.equal(defaultPool(grantee(plan, beta), 'controlPlane'), 'cp')
  const silent = planOf({})
  const partial = planOf({ globalPool: { ipAddressPoolByClass: { controlPlane: 'cp' } } })
  t.equal(grantedPools(grantee(silent, beta), 'direct'), 'all', 'a plan that names no pool restricts nobody')
  t.equal(defaultPool(grantee(silent, beta), 'direct'), undefined)
  t.strictSame(
    grantedPools(grantee(partial, beta), 'direct'),
    [],
    'a plan that names pools for others only does'
  )
  const strangers: readonly Tenancy[] = [
    { kind: 'unmapped' },
    { kind: 'unknown', missing: 'Namespace' },
    { kind: 'inconsistent', name: 'acme', reason: 'owner-mismatch' }
  ]
  for (const tenancy of strangers) {
    t.strictSame(grantedPools(grantee(silent, tenancy), 'direct'), [], tenancy.kind)
    t.strictSame(grantedSubnets(grantee(silent, tenancy)), [], tenancy.kind)
    t.equal(defaultPool(grantee(plan, tenancy), 'direct'), undefined)
  }
})

await test('a tenant label without a value is inconsistent, never the platform’s', async t => {
  const decoded = decodeObject('Namespace', { metadata: { name: 'n', labels: { tenant: '' } } })
  if (!decoded.ok) throw new Error('the fixture does not decode')
  t.match(tenancyOfNamespace(planOf({}), VIEW, decoded.object), {
    kind: 'inconsistent',
    reason: 'empty-label'
  })
})

await test('grantedSubnets() adds the tenant’s own only in the perTenant model', async t => {
  const globalPool = { externalSubnets: ['external'] }
  const tenancy = { tenants: [{ name: 'acme', externalSubnets: ['acme-ext'] }] }
  const global = planOf({ globalPool, tenancy })
  const perTenant = planOf({ globalPool, tenancy, poolModel: 'perTenant' })
  t.strictSame(grantedSubnets(grantee(global, ACME_TENANT)), ['external'])
  t.strictSame(grantedSubnets(grantee(perTenant, ACME_TENANT)), ['external', 'acme-ext'])
  t.strictSame(grantedSubnets(grantee(perTenant, { kind: 'tenant', name: 'beta' })), ['external'])
  t.equal(grantedSubnets(grantee(global, PLATFORM)), 'all')
  t.equal(grantedSubnets(grantee(planOf({}), ACME_TENANT)), 'all', 'the plan does not say')
  t.equal(tenantOfSubnet(global, 'acme-ext'), 'acme')
  t.equal(tenantOfSubnet(global, 'external'), undefined)
})

await test('sharedDomains() holds provider Subnets and no others', async t => {
  const plan = planOf({
    globalPool: { externalSubnets: ['external', 'later', 'overlay'] },
    tenancy: { tenants: [{ name: 'acme', externalSubnets: ['acme-ext'] }] }
  })
  const inventory = new Inventory()
  const put = (kind: KindName, name: string, spec: object) => {
    const decoded = decodeObject(kind, { metadata: { name }, spec })
    if (decoded.ok) inventory.put(kind, decoded.object)
  }
  put('Subnet', 'external', { vlan: 'v1' })
  put('Subnet', 'overlay', { vlan: '' })
  put('Subnet', 'acme-ext', { vlan: 'v2' })
  put('Subnet', 'attached', { vlan: 'v3' })
  put('Subnet', 'loose', { vlan: 'v4' })
  put('Subnet', 'inner', {})
  put('Vpc', 'acme', { enableExternal: true, extraExternalSubnets: ['attached', 'inner'] })
  t.strictSame(sharedDomains(plan, inventory), [
    'plan',
    'metallb',
    'nodes',
    'services',
    'pods',
    'subnet:',
    'subnet:external',
    'subnet:later',
    'subnet:acme-ext',
    'subnet:attached'
  ])
})
