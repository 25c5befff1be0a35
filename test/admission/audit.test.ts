import { test } from 'tap'
import { agreed } from '../../src/admission/agreed.ts'
import { auditObjects } from '../../src/admission/audit-run.ts'
import type { CheckedObject, CheckReport } from '../../src/admission/check-report.ts'
import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { isKindName, KINDS, type KindName } from '../../src/kinds/index.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'
import { defineRule, type AnyRule } from '../../src/rules/rule.ts'

/** The rules these tests are about; what others say of the same objects is theirs to test. */
const RULES = [
  'pool-overlap',
  'service-pool-not-granted',
  'eip-unknown-subnet',
  'eip-type',
  'eip-per-tenant',
  'vpc-multi-dgp'
]

const SHARED = limited(loadPolicies(['test/rules/plan-tenants.yaml']))
const PER_TENANT = limited(loadPolicies(['test/rules/plan-per-tenant.yaml']))

function limited(snapshot: PolicySnapshot): PolicySnapshot {
  return { ...snapshot, rules: snapshot.rules.filter(({ id }) => RULES.includes(id)) }
}

type Json = Record<string, unknown>

function object(kind: KindName, name: string, rest: object, metadata: object = {}): Json {
  const { group, versions, namespaced } = KINDS[kind]
  const namespace = namespaced ? { namespace: 'kmetal-metallb' } : {}
  const apiVersion = group === '' ? versions[0] : `${group}/${versions[0]}`
  return { apiVersion, kind, metadata: { name, ...namespace, ...metadata }, ...rest }
}

function pool(name: string, ...addresses: readonly string[]): Json {
  return object('IPAddressPool', name, { spec: { addresses } })
}

function node(name: string, address: string, podCIDRs: readonly string[] = []): Json {
  const status = { addresses: [{ type: 'InternalIP', address }] }
  return object('Node', name, { spec: { podCIDRs }, status }, { uid: `uid-${name}` })
}

/** What the plans name, so that nothing is said of the plan itself. */
const NAMED: readonly Json[] = [
  pool('default-pool', '192.168.7.0-192.168.7.1'),
  pool('tenant-cp-pool', '192.168.7.2/32'),
  pool('vera-vlan', '10.9.0.1/32'),
  ...['external', 'external-b', 'acme-ext', 'acme-ext-b', 'beta-ext'].map((name, i) =>
    object('Subnet', name, { spec: { cidrBlock: `10.5.${i}.0/24`, gateway: `10.5.${i}.254`, vlan: `v${i}` } })
  )
]

/** A rule that finds something of every pool, once for each of these Nodes, and rests on them. */
function poolRule(id: string, nodes: readonly string[]): AnyRule {
  return defineRule<'IPAddressPool'>({
    id,
    summary: '',
    why: '',
    fix: '',
    example: '',
    see: [],
    on: ['IPAddressPool'],
    reads: [],
    defaultAction: 'deny',
    check: () =>
      nodes.map(name => ({
        code: 'no-addresses',
        field: 'spec.addresses',
        value: '',
        restsOn: [{ kind: 'Node', namespace: '', name }]
      }))
  })
}

interface Options {
  readonly snapshot?: PolicySnapshot
  readonly unknown?: readonly KindName[]
  readonly unreadable?: Parameters<typeof auditObjects>[0]['unreadable']
}

function audit(objects: readonly Json[], options: Options = {}): CheckReport {
  const { snapshot = SHARED, unknown = [], unreadable = [] } = options
  const view = new Inventory()
  view.setAllKnown()
  for (const kind of unknown) view.setKnown(kind, false)
  for (const json of [...NAMED, ...objects]) {
    const kind = String(json['kind'])
    if (!isKindName(kind) || view.putJson(kind, json).length > 0) throw new Error(`${kind} does not decode`)
  }
  const placeOf = ({ kind, name }: ObjectRef) => {
    return { path: `${kind}/${name}`, position: () => ({ line: 0, column: 0 }) }
  }
  return auditObjects({ snapshot, view, unreadable, placeOf, nowMs: 0 })
}

/** `KIND/NAME VERDICT RULE...` of the objects about which anything is said; a rule that is unchecked with a `?`. */
function said({ objects }: CheckReport): readonly string[] {
  return objects
    .filter(({ findings, unchecked }) => findings.length + unchecked.length > 0)
    .map(({ source, verdict, findings, unchecked }) =>
      [
        source.path,
        verdict,
        ...findings.map(({ rule }) => rule),
        ...unchecked.map(({ rule }) => `${rule}?`)
      ].join(' ')
    )
}

function found(report: CheckReport, path: string): CheckedObject {
  const one = report.objects.find(({ source }) => source.path === path)
  if (one === undefined) throw new Error(`nothing about ${path}`)
  return one
}

void test('two pools that overlap are both told, in the order of their names, whatever order they came in', t => {
  const [a, b] = [pool('a', '192.168.1.1-192.168.1.9'), pool('b', '192.168.1.5-192.168.1.15')]
  const report = audit([b, pool('apart', '192.168.2.0/25'), a])
  t.same(said(report), ['IPAddressPool/a denied pool-overlap', 'IPAddressPool/b denied pool-overlap'])
  t.equal(report.summary.denied, 2)
  t.match(found(report, 'IPAddressPool/apart'), { verdict: 'passed', source: { line: 0 } })
  const [aFinding] = found(report, 'IPAddressPool/a').findings
  t.match(
    aFinding?.message,
    'shares 5 addresses with IPAddressPool kmetal-metallb/b: 192.168.1.5-192.168.1.9.'
  )
  t.same(
    report.objects.map(({ source }) => source.path),
    report.objects.map(({ source }) => source.path).toSorted(),
    'ordered'
  )
  t.end()
})

void test('16 findings of an object are told and the others counted, those that deny before those that warn', t => {
  const warning = { ...poolRule('first-warns', ['']), defaultAction: 'warn' } as const
  const rules = [...Array.from({ length: 3 }, () => warning), ...SHARED.rules]
  const twenty = Array.from({ length: 21 }, (_, i) => pool(`p-${i}`, '192.168.1.0/30'))
  const report = audit(twenty, { snapshot: { ...SHARED, rules } })
  const { findings, more } = found(report, 'IPAddressPool/p-7')
  t.equal(findings.length, 16)
  t.equal(more, 20 + 3 - 16)
  t.same([...new Set(findings.map(({ rule }) => rule))], ['pool-overlap'])
  t.equal(found(report, 'IPAddressPool/default-pool').more, undefined)
  t.end()
})

void test('the first 50 objects come with a way out, for looking for one costs more than the finding', t => {
  const pairs = Array.from({ length: 60 }, (_, i) => {
    const at = `192.168.${10 + (i >> 1)}`
    return pool(`p-${10 + i}`, i % 2 === 0 ? `${at}.1-${at}.9` : `${at}.5-${at}.15`)
  })
  const report = audit(pairs)
  const messages = report.objects.flatMap(({ findings }) => findings.map(({ message }) => message))
  t.equal(messages.length, 60)
  t.same(
    messages.map(message => message.includes('Largest free part')),
    messages.map((_, i) => i < 50)
  )
  t.end()
})

void test('agreed() tells the mildest action that any writer would meet', t => {
  const [rule] = SHARED.rules
  if (rule === undefined) throw new Error('no rules')
  const finding = { code: 'no-addresses', field: 'spec.addresses', value: '', restsOn: [] } as const
  const denied = { findings: [{ rule, action: 'deny', finding }], unjudged: [] } as const
  const warned = { findings: [{ rule, action: 'warn', finding }], unjudged: [] } as const
  t.match(agreed([denied, warned]), { findings: [{ action: 'warn' }], unsettled: [] })
  t.match(agreed([denied, denied]), { findings: [{ action: 'deny' }] })
  t.same(agreed([denied, { findings: [], unjudged: [] }]), { findings: [], unjudged: [], unsettled: [rule] })
  t.end()
})

void test('a kind that could not be read is unchecked, as are the rules that needed it', t => {
  const report = audit([service('web', 'acme', {})], { unknown: ['IPAddressPool', 'Namespace'] })
  t.match(found(report, 'IPAddressPool/'), {
    ref: { name: '' },
    verdict: 'unchecked',
    unchecked: [{ rule: 'pool-overlap', because: 'kind-unknown', needs: 'IPAddressPool' }]
  })
  t.match(found(report, 'Service/web'), {
    verdict: 'unchecked',
    unchecked: [{ rule: 'service-pool-not-granted', needs: 'Namespace' }]
  })
  t.equal(report.summary.denied, 0)
  t.end()
})

void test('an object that does not decode is denied, not passed over', t => {
  const ref = { kind: 'Vpc', namespace: '', name: 'odd' }
  const errors = [{ field: 'spec.enableExternal', value: '1', expected: 'boolean' } as const]
  const report = audit([], { unreadable: [{ ref, errors }] })
  t.match(found(report, 'Vpc/odd'), {
    verdict: 'denied',
    findings: [{ rule: 'invalid-object', message: 'spec.enableExternal 1 is not a boolean.' }]
  })
  t.end()
})

function service(name: string, namespace: string, annotations: object, metadata: object = {}): Json {
  return object('Service', name, { spec: { type: 'LoadBalancer' } }, { namespace, annotations, ...metadata })
}

void test("a Service is its namespace's, and a class that a controller gives it is not taken from its labels", t => {
  const owner = {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    controller: true,
    uid: 'u'
  }
  const kamaji = { ownerReferences: [{ ...owner, name: 'cp' }] }
  const named = (name: string) => ({ 'metallb.io/address-pool': name })
  const stored = [
    object('Namespace', 'acme', {}, { labels: { tenant: 'acme' }, namespace: undefined }),
    object('Namespace', 'infra', {}, { namespace: undefined }),
    object('TenantControlPlane', 'cp', {}, { namespace: 'acme', uid: 'u' }),
    service('cp', 'acme', named('tenant-cp-pool'), kamaji),
    service('foreign', 'acme', named('vera-vlan')),
    service('platforms', 'infra', named('vera-vlan')),
    service('sly', 'acme', named('vera-vlan'), { ownerReferences: [{ ...owner, name: 'sly' }] })
  ]
  const denied = [
    'Service/foreign denied service-pool-not-granted',
    // what neither its tenant nor Kamaji may
    'Service/sly denied service-pool-not-granted'
  ]
  t.same(said(audit(stored)), denied)
  const controllers = new Map([...SHARED.plan.controllers, ['kamaji', []] as const])
  const withoutKamaji = { ...SHARED, plan: { ...SHARED.plan, controllers } }
  t.same(said(audit(stored, { snapshot: withoutKamaji })), [
    'Service/cp denied service-pool-not-granted',
    ...denied
  ])
  t.end()
})

void test('a Service whose labels say that a controller may have written it is judged as by either', t => {
  const { plan } = SHARED
  const byClass = new Map([...plan.globalPool.ipAddressPoolByClass, ['mirrored', 'vera-vlan'] as const])
  const controllers = new Map([...plan.controllers, ['ccm', ['ccm']] as const])
  const serviceOwners = [
    { user: 'gw-a', owner: { tenantFromLabel: 'gw/tenant' } },
    { user: 'gw-b', owner: { namespaceFromLabel: 'gw/namespace' } },
    { user: 'gw-c', owner: { tenant: 'acme' } }
  ]
  const snapshot = {
    ...SHARED,
    plan: {
      ...plan,
      controllers,
      globalPool: { ...plan.globalPool, ipAddressPoolByClass: byClass },
      tenancy: { ...plan.tenancy, serviceOwners }
    }
  }
  const named = (name: string) => ({ 'metallb.io/address-pool': name })
  const labelled = (labels: object) => ({ labels })
  const mirrored = labelled({ 'cluster.x-k8s.io/tenant-service-name': 'web' })
  const stored = [
    object('Namespace', 'acme', {}, { labels: { tenant: 'acme' }, namespace: undefined }),
    object('Namespace', 'infra', {}, { namespace: undefined }),
    service('mirrored', 'acme', named('vera-vlan'), mirrored),
    service('mirrored-at-nobodys', 'acme', named('platform-pool'), mirrored),
    service('by-tenant', 'infra', named('platform-pool'), labelled({ 'gw/tenant': 'acme' })),
    service('by-namespace', 'infra', named('platform-pool'), labelled({ 'gw/namespace': 'acme' })),
    service('granted', 'infra', named('default-pool'), labelled({ 'gw/namespace': 'acme' })),
    service('nobodys', 'infra', named('platform-pool'), labelled({ app: 'acme' }))
  ]
  t.same(said(audit([...stored, pool('platform-pool', '192.168.6.0/30')], { snapshot })), [
    'Service/mirrored unchecked service-pool-not-granted?',
    'Service/mirrored-at-nobodys denied service-pool-not-granted',
    'Service/by-namespace unchecked service-pool-not-granted?',
    'Service/by-tenant unchecked service-pool-not-granted?'
  ])
  t.match(found(audit(stored, { snapshot }), 'Service/mirrored').unchecked, [{ because: 'writer-unknown' }])
  t.end()
})

function eip(name: string, spec: object, labels: object = {}): Json {
  return object('OvnEip', name, { spec: { type: 'nat', ...spec } }, { labels })
}

void test('an OvnEip is whose the label of a mapping says; without one only what holds for everybody is told', t => {
  const label = (tenant: string) => ({ 'kmetal.clastix.io/tenant': tenant })
  const report = audit(
    [
      eip('acmes', { externalSubnet: 'acme-ext' }, label('acme')),
      eip('betas', { externalSubnet: 'acme-ext' }, label('beta')),
      eip('nowhere', { externalSubnet: 'nowhere' }, label('acme')),
      eip('anybodys', { externalSubnet: 'acme-ext' }, { tenant: 'beta' }),
      eip('unread', { type: 'nut', externalSubnet: 'nowhere' })
    ],
    { snapshot: PER_TENANT }
  )
  t.same(said(report), [
    'OvnEip/anybodys unchecked eip-per-tenant?',
    'OvnEip/betas denied eip-per-tenant',
    'OvnEip/nowhere denied eip-unknown-subnet eip-per-tenant',
    'OvnEip/unread denied eip-unknown-subnet eip-type'
  ])
  t.match(found(report, 'OvnEip/anybodys').unchecked, [{ because: 'writer-unknown', needs: '' }])
  t.match(
    found(report, 'OvnEip/nowhere').findings,
    [{ action: 'warn', message: 'names no Subnet that exists' }, {}],
    'a reference to nothing warns'
  )
  t.end()
})

void test('gateway ports as Kube-OVN and the platform make them pass; other OvnEips of their types are told', t => {
  const report = audit([
    object('Vpc', 'acme', { spec: { enableExternal: true } }),
    node('node1', '192.168.1.11'),
    eip('acme-external', { externalSubnet: 'external', type: 'lrp' }),
    eip('acme-external-b', { externalSubnet: 'external-b', type: 'lrp' }),
    eip('node1', { externalSubnet: 'external', type: 'lsp' }),
    eip('node2', { externalSubnet: 'external', type: 'lsp' })
  ])
  t.same(said(report), ['OvnEip/acme-external-b unchecked eip-type?', 'OvnEip/node2 unchecked eip-type?'])
  t.end()
})

void test('a router that has its gateway ports already is told of, and of what it names', t => {
  const spec = { enableExternal: true, extraExternalSubnets: ['acme-ext', 'external', 'gone'] }
  const report = audit(
    [
      object('Vpc', 'acme', { spec }),
      eip('acme-acme-ext', { externalSubnet: 'acme-ext', type: 'lrp' }),
      eip('acme-external', { externalSubnet: 'external', type: 'lrp' })
    ],
    { snapshot: PER_TENANT }
  )
  t.same(said(report), ['Vpc/acme denied vpc-multi-dgp unknown-reference'])
  t.match(found(report, 'Vpc/acme').findings[1], {
    action: 'warn',
    message: 'spec.extraExternalSubnets[2] gone does not exist: there is no Subnet gone.'
  })
  t.end()
})

void test('what a plan and Services name is told where it does not exist, not where nobody knows', t => {
  const { plan } = SHARED
  const globalPool = { ...plan.globalPool, ipAddressPool: 'lost', externalSubnets: ['external', 'void'] }
  const snapshot = { ...SHARED, rules: [], plan: { ...plan, globalPool } }
  const stored = [
    service('a', 'infra', { 'metallb.io/address-pool': 'missing' }),
    service('b', 'infra', { 'metallb.io/address-pool': 'default-pool' })
  ]
  t.same(said(audit(stored, { snapshot })), [
    'NetworkPlan/tenants warned unknown-reference unknown-reference',
    'Service/a warned unknown-reference'
  ])
  t.same(said(audit(stored, { snapshot, unknown: ['IPAddressPool', 'Subnet'] })), [])
  t.end()
})

void test('a Node in a pool is told once: of the pool when a rule speaks of it there, else of the Node', t => {
  const stored = [
    node('b', '192.168.1.150', ['10.244.0.0/24']),
    node('a', '192.168.1.50'),
    pool('p', '192.168.1.100-192.168.1.200', '10.244.0.128-10.244.1.5')
  ]
  const ofNode = {
    rule: 'pool-node-address',
    action: 'deny',
    field: 'status.addresses[0].address',
    message:
      /^status.addresses\[0\].address 192.168.1.150 lies in IPAddressPool kmetal-metallb\/p, so MetalLB may /
  }
  const bound = (id: string, action: 'deny' | 'warn', nodes: readonly string[]) => {
    return { ...poolRule(id, nodes), defaultAction: action }
  }
  const silent = [bound('pool-node-address', 'deny', []), bound('pool-cluster-range', 'warn', [])]
  const report = audit(stored, { snapshot: { ...SHARED, rules: silent } })
  t.match(found(report, 'Node/b'), {
    verdict: 'denied',
    findings: [ofNode, { rule: 'pool-cluster-range', action: 'warn' }]
  })
  t.match(
    found(report, 'Node/b').findings[1]?.message,
    'spec.podCIDRs[0] 10.244.0.0/24 shares 128 addresses with IPAddressPool kmetal-metallb/p: 10.244.0.128-10.244.0.255.'
  )
  t.notOk(report.objects.some(({ source }) => source.path === 'Node/a'))
  const speaking = [bound('pool-node-address', 'deny', ['b']), bound('pool-cluster-range', 'warn', ['c'])]
  t.match(found(audit(stored, { snapshot: { ...SHARED, rules: speaking } }), 'Node/b'), {
    verdict: 'warned',
    findings: [{ rule: 'pool-cluster-range' }]
  })
  t.end()
})
