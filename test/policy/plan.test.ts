import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { formatRange } from '../../src/address/format.ts'
import type { AddressRange } from '../../src/address/range.ts'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import type { Action } from '../../src/policy/action.ts'
import { jsonSchemas } from '../../src/policy/json-schema.ts'
import { nearestName } from '../../src/policy/nearest-name.ts'
import { planClaims } from '../../src/policy/plan-claims.ts'
import { networkingModeOf, type Plan } from '../../src/policy/plan.ts'
import { parsePolicies, parsePolicyDocuments } from '../../src/policy/policy-set.ts'
import { decodePolicyTest, type PolicyTest } from '../../src/policy/policy-test.ts'
import { partOf, readYaml } from '../../src/policy/yaml-source.ts'

const KNOWN_RULES: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['advertisement-unknown-pool', 'warn'],
  ['pool-overlap', 'deny']
])

function planOf(spec: string): Plan {
  const text = `apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec:\n${spec}`
  const parsed = parsePolicies([{ path: 'p.yaml', text }], KNOWN_RULES)
  if (!parsed.ok) throw new Error(parsed.errors.map(formatDocumentError).join('\n'))
  return parsed.policies.plan
}

/** Every key of a NetworkPlan, none with its default. */
const FULL = `
  scope: tenantCluster
  tenant: acme
  networkingMode: vlan
  nodeSubnets:
  - 192.168.1.7/24
  - {cidr: "fd00::/64", gateway: "fd00::1", interfaces: [eth1], nodeSelector: {matchLabels: {rack: b}, matchExpressions: [{key: a, operator: Exists}]}}
  reservedRanges:
  - {range: 192.168.1.1-192.168.1.99, purpose: DHCP, owner: network team}
  - {range: 192.168.1.250}
  clusterRanges: {services: [10.96.0.0/12], pods: [10.244.0.0/16, "fd01::/48"]}
  allocations:
  - {range: 192.168.1.100-192.168.1.250, purpose: platform, announcement: bgp}
  metallb: {namespace: lb, loadBalancerClass: metallb, bgpType: frr-k8s, poolAnnotation: metallb.universe.tf/address-pool}
  kubeOvn: {version: "1.13", multiDGP: assumeFixed}
  globalPool: {ipAddressPool: all, ipAddressPoolByClass: {controlPlane: cp}, externalSubnets: [ext], defaultExternalSubnet: ext}
  poolModel: perTenant
  edgeRouter: {mode: edgeNAT, mappings: [{publicIP: 203.0.113.1, eip: 10.0.0.1}]}
  capacity: {warnPercent: 50, criticalPercent: 60}
  platform: {users: [root], groups: [admins], namespaces: [infra]}
  controllers: {metallb: [m], cpo: []}
  tenancy:
    namespaceLabels: [owner]
    unlabelledNamespaces: untrusted
    serviceOwners: [{user: gw, tenantFromLabel: t}]
    ovnEipOwners: [{user: cpo, tenant: beta}]
    unmappedOvnEips: deny
    tenants:
    - {name: constructor, vlan: {exposure: ccmProxy, ipAddressPool: v, range: 10.9.0.0/24}}
    - {name: own, vlan: {exposure: tenantMetalLB, routed: true}}
    - {name: beta, networkingMode: overlay, externalSubnets: [beta-ext]}
`

function isRange(value: unknown): value is AddressRange {
  return typeof value === 'object' && value !== null && 'family' in value
}

/** Ranges as text, maps as entries, so that one literal shows a whole plan. */
function readable(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, member: unknown) => {
    if (member instanceof Map) return [...member]
    return isRange(member) ? formatRange(member) : member
  })
  return JSON.parse(text)
}

/** CPU time since `before`: unlike the clock, it does not count what other programs do meanwhile. */
function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

await test('parsePolicies() resolves every key of a plan', async t => {
  const plan = planOf(FULL)
  t.strictSame(readable({ ...plan, tenancy: undefined, controllers: undefined }), {
    name: 'dc1',
    scope: 'tenantCluster',
    tenant: 'acme',
    networkingMode: 'vlan',
    nodeSubnets: [
      { range: '192.168.1.0/24', text: '192.168.1.7/24', field: 'spec.nodeSubnets[0]' },
      {
        range: 'fd00::/64',
        text: 'fd00::/64',
        field: 'spec.nodeSubnets[1].cidr',
        gateway: 'fd00::1',
        interfaces: ['eth1'],
        nodeSelector: {
          matchLabels: [['rack', 'b']],
          matchExpressions: [{ key: 'a', operator: 'Exists', values: [] }]
        }
      }
    ],
    reservedRanges: [
      {
        range: '192.168.1.1-192.168.1.99',
        text: '192.168.1.1-192.168.1.99',
        field: 'spec.reservedRanges[0].range',
        purpose: 'DHCP',
        owner: 'network team'
      },
      {
        range: '192.168.1.250',
        text: '192.168.1.250',
        field: 'spec.reservedRanges[1].range',
        purpose: '',
        owner: ''
      }
    ],
    clusterRanges: {
      services: [{ range: '10.96.0.0/12', text: '10.96.0.0/12', field: 'spec.clusterRanges.services[0]' }],
      pods: [
        { range: '10.244.0.0/16', text: '10.244.0.0/16', field: 'spec.clusterRanges.pods[0]' },
        { range: 'fd01::/48', text: 'fd01::/48', field: 'spec.clusterRanges.pods[1]' }
      ]
    },
    allocations: [
      {
        range: '192.168.1.100-192.168.1.250',
        text: '192.168.1.100-192.168.1.250',
        field: 'spec.allocations[0].range',
        purpose: 'platform',
        announcement: 'bgp'
      }
    ],
    metallb: {
      namespace: 'lb',
      loadBalancerClass: 'metallb',
      bgpType: 'frr-k8s',
      poolAnnotation: 'metallb.universe.tf/address-pool'
    },
    kubeOvn: { version: '1.13', multiDGP: 'assumeFixed' },
    globalPool: {
      ipAddressPool: 'all',
      ipAddressPoolByClass: [['controlPlane', 'cp']],
      externalSubnets: ['ext'],
      defaultExternalSubnet: 'ext'
    },
    poolModel: 'perTenant',
    edgeRouter: {
      mode: 'edgeNAT',
      mappings: [
        {
          publicIP: {
            range: '203.0.113.1',
            text: '203.0.113.1',
            field: 'spec.edgeRouter.mappings[0].publicIP'
          },
          eip: { range: '10.0.0.1', text: '10.0.0.1', field: 'spec.edgeRouter.mappings[0].eip' }
        }
      ]
    },
    capacity: { warnPercent: 50, criticalPercent: 60 },
    widenings: [],
    platform: { users: ['root'], groups: ['admins'], namespaces: ['infra'] }
  })
  t.strictSame(readable(plan.tenancy), {
    namespaceLabels: ['owner'],
    unlabelledNamespaces: 'untrusted',
    serviceOwners: [{ user: 'gw', owner: { tenantFromLabel: 't' } }],
    ovnEipOwners: [{ user: 'cpo', owner: { tenant: 'beta' } }],
    unmappedOvnEips: 'deny',
    tenants: [
      [
        'constructor',
        {
          name: 'constructor',
          networkingMode: 'vlan',
          vlan: {
            exposure: 'ccmProxy',
            ipAddressPool: 'v',
            range: { range: '10.9.0.0/24', text: '10.9.0.0/24', field: 'spec.tenancy.tenants[0].vlan.range' }
          },
          externalSubnets: []
        }
      ],
      [
        'own',
        {
          name: 'own',
          networkingMode: 'vlan',
          vlan: { exposure: 'tenantMetalLB', routed: true },
          externalSubnets: []
        }
      ],
      ['beta', { name: 'beta', networkingMode: 'overlay', externalSubnets: ['beta-ext'] }]
    ]
  })
  t.strictSame(plan.controllers.get('metallb'), ['m'], 'a given list replaces the default')
  t.strictSame(plan.controllers.get('kubeOvn')?.[0], 'system:serviceaccount:kube-system:ovn', 'others stay')
  t.strictSame(
    ['beta', 'own', 'gamma'].map(tenant => networkingModeOf(plan, tenant)),
    ['overlay', 'vlan', 'vlan']
  )
})

await test('parsePolicies() tells an absent key from an empty one, and fills in defaults', async t => {
  const silent = planOf('  {}\n')
  t.equal(silent.nodeSubnets, undefined)
  t.equal(silent.allocations, undefined)
  t.equal(silent.globalPool.externalSubnets, undefined)
  t.equal(silent.edgeRouter, undefined)
  t.strictSame(silent.reservedRanges, [])
  t.strictSame(silent.metallb, {
    namespace: 'kmetal-metallb',
    loadBalancerClass: '',
    bgpType: 'frr',
    poolAnnotation: 'metallb.io/address-pool'
  })
  t.strictSame(silent.platform, {
    users: [],
    groups: ['system:masters', 'kubeadm:cluster-admins'],
    namespaces: []
  })
  t.strictSame(
    [...silent.controllers].map(([name, users]) => `${name} ${users.length}`),
    ['metallb 4', 'kubeOvn 2', 'kamaji 1', 'ccm 0', 'cpo 0', 'capi 3', 'gitops 0']
  )
  t.strictSame(silent.tenancy.namespaceLabels, ['capsule.clastix.io/tenant', 'tenant'])
  const empty = planOf('  {nodeSubnets: [], allocations: [], globalPool: {externalSubnets: []}}\n')
  t.strictSame([empty.nodeSubnets, empty.allocations, empty.globalPool.externalSubnets], [[], [], []])
})

await test('planClaims() holds reserved and cluster ranges for the plan, and VLANs that are not apart', async t => {
  const claims = planClaims(planOf(FULL))
  t.strictSame(
    claims.map(({ field, range }) => `${field} ${formatRange(range)}`),
    [
      'spec.reservedRanges[0].range 192.168.1.1-192.168.1.99',
      'spec.reservedRanges[1].range 192.168.1.250',
      'spec.clusterRanges.services[0] 10.96.0.0/12',
      'spec.clusterRanges.pods[0] 10.244.0.0/16',
      'spec.clusterRanges.pods[1] fd01::/48',
      'spec.tenancy.tenants[0].vlan.range 10.9.0.0/24'
    ]
  )
  const [first] = claims
  t.match(first, {
    domain: 'plan',
    state: 'plan',
    holder: { kind: 'NetworkPlan', namespace: '', name: 'dc1' }
  })
})

await test('policies/dc1.yaml is a valid set that leaves the rest of the guide’s subnet to pools', async t => {
  const path = 'policies/dc1.yaml'
  const parsed = parsePolicies([{ path, text: readFileSync(path, 'utf8') }], KNOWN_RULES)
  t.strictSame(parsed.ok ? [] : parsed.errors.map(formatDocumentError), [])
  const plan = parsed.ok ? parsed.policies.plan : undefined
  t.strictSame(
    plan?.reservedRanges.map(({ text }) => text),
    ['192.168.1.2-192.168.1.99']
  )
  t.strictSame(
    plan?.nodeSubnets?.map(({ gateway }) => gateway && formatRange(gateway)),
    ['192.168.1.1']
  )
  t.equal(plan?.globalPool.ipAddressPool, 'default-pool')
  t.equal(plan?.globalPool.defaultExternalSubnet, 'external')
})

const SUITE = 'apiVersion: poolguard.io/v1alpha1\nkind: PolicyTest\nmetadata: {name: pools}\nspec:\n'

function suiteOf(spec: string): PolicyTest | readonly string[] {
  const [document] = readYaml('s.yaml', SUITE + spec).documents
  if (document === undefined) throw new Error('no document')
  const decoded = decodePolicyTest({ path: 's.yaml', document })
  return decoded.ok ? decoded.value : decoded.errors.map(formatDocumentError)
}

await test('decodePolicyTest() reads a suite and fills in what a case leaves out', async t => {
  const suite = suiteOf(`
  policies: [plan.yaml, {kind: NetworkPlan}]
  now: 2026-11-23T01:00:00+01:00
  existing: [{kind: Service}]
  cases:
  - name: short
    request: {object: {kind: Service, metadata: {labels: {__proto__: x}}}}
    expect: {allowed: true}
  - name: long
    existing: [{kind: Node}]
    absent: [Service/default/web, Vpc/acme, Vpc//beta]
    request: {operation: DELETE, oldObject: {kind: Vpc}, subResource: status, user: {username: "*"}, dryRun: true}
    expect: {allowed: false, rules: [pool-overlap], exactly: true, unchecked: [], code: 403, message: x, patch: [{op: add, path: /a, value: null}]}
`)
  t.match(suite, { spec: { now: Date.UTC(2026, 10, 23), policies: ['plan.yaml', { kind: 'NetworkPlan' }] } })
  const [short, long] = 'spec' in suite ? suite.spec.cases : []
  t.strictSame(short?.expect, { allowed: true, exactly: false })
  t.match(short?.request, { operation: 'CREATE', subResource: '', dryRun: false, user: undefined })
  t.equal(JSON.stringify(short?.request.object?.['metadata']), '{"labels":{"__proto__":"x"}}', 'as written')
  t.strictSame(long?.absent, [
    { kind: 'Service', namespace: 'default', name: 'web' },
    { kind: 'Vpc', namespace: '', name: 'acme' },
    { kind: 'Vpc', namespace: '', name: 'beta' }
  ])
  t.strictSame(long?.request.user, { username: '*', groups: [] })
  t.strictSame(long?.expect.patch, [{ op: 'add', path: '/a', value: null }])
})

await test('decodePolicyTest() says where a suite is wrong', async t => {
  const rows: readonly (readonly [string, string])[] = [
    ['  {policys: [], cases: []}\n', '5:4: spec.policys: unknown key. Hint: did you mean "policies"?'],
    ['  {cases: []}\n', '5:11: spec.cases: []: at least one is required'],
    ['  {}\n', '4:1: spec.cases: is required: a list'],
    [
      '  {now: yesterday, cases: []}\n',
      '5:9: spec.now: "yesterday": not a time such as 2026-11-23T00:00:00Z'
    ],
    ['  {existing: [Service/a/b], cases: []}\n', '5:15: spec.existing[0]: "Service/a/b": expected a mapping'],
    [
      '  {policies: [3], cases: []}\n',
      '5:15: spec.policies[0]: 3: expected text or a mapping. Hint: write it in quotes: "3"'
    ],
    [
      '  cases:\n  - {name: a, request: {object: {}}, expect: {alowed: true}}\n',
      '6:38: spec.cases[0].expect.allowed: is required: true or false'
    ],
    [
      '  cases:\n  - {name: a, request: {operation: UPDATE}, expect: {allowed: true}}\n',
      '6:15: spec.cases[0].request.object: is required: the full object'
    ],
    [
      '  cases:\n  - name: a\n    absent: [Servce/a/b]\n    request: {object: {}}\n    expect: {allowed: true}\n',
      '7:14: spec.cases[0].absent[0]: "Servce/a/b": "Servce" is no kind poolguard reads. Hint: did you mean "Service"?'
    ],
    [
      '  cases:\n  - name: a\n    absent: [Service/web]\n    request: {object: {}}\n    expect: {allowed: true}\n',
      '7:14: spec.cases[0].absent[0]: "Service/web": names no object. Hint: Service/NAMESPACE/NAME'
    ]
  ]
  for (const [spec, expected] of rows) {
    const errors = suiteOf(spec)
    t.equal(Array.isArray(errors) ? errors[0] : 'none', `s.yaml:${expected}`, spec)
  }
})

/** A suite's spec with a plan inside. */
function inline(scope: string): string {
  const plan = `  - apiVersion: poolguard.io/v1alpha1\n    kind: NetworkPlan\n    metadata: {name: x}\n    spec: {scope: ${scope}}\n`
  return `  cases: []\n  policies:\n${plan}`
}

/** The name of the plan inside the suite, or what is wrong with it. */
function planInside(scope: string): string | readonly string[] {
  const document = readYaml('s.yaml', SUITE + inline(scope)).documents[0]
  if (document === undefined) throw new Error('no document')
  const source = { path: 's.yaml', document: partOf(document, ['spec', 'policies', 0]) }
  const parsed = parsePolicyDocuments([source], KNOWN_RULES)
  return parsed.ok ? parsed.policies.plan.name : parsed.errors.map(formatDocumentError)
}

await test('parsePolicyDocuments() reads the policies inside a suite, with their places in its file', async t => {
  t.equal(planInside('underCluster'), 'x')
  t.strictSame(planInside('all'), [
    's.yaml:10:19: spec.policies[0].spec.scope: "all": expected one of "underCluster", "tenantCluster"'
  ])
})

await test('decodePolicyTest() reads 10,000 cases within seconds', async t => {
  const cases = Array.from(
    { length: 10_000 },
    (_, i) =>
      `  - name: case ${i}\n    request:\n      object:\n        apiVersion: metallb.io/v1beta1\n        kind: IPAddressPool\n` +
      `        metadata: {name: p${i}, namespace: kmetal-metallb}\n        spec: {addresses: [192.168.1.150-192.168.1.250]}\n` +
      `    expect: {allowed: false, rules: [pool-overlap]}\n`
  )
  const before = process.cpuUsage()
  const suite = suiteOf(`  cases:\n${cases.join('')}`)
  t.equal('spec' in suite && suite.spec.cases.length, 10_000)
  t.ok(cpuSeconds(before) < 6)
})

await test('jsonSchemas() describe what is written in files', async t => {
  const schemas = jsonSchemas()
  for (const [kind, schema] of Object.entries(schemas)) {
    t.match(schema, {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `poolguard ${kind}`,
      additionalProperties: false,
      required: ['apiVersion', 'kind', 'metadata', 'spec'],
      properties: { apiVersion: { const: 'poolguard.io/v1alpha1' }, kind: { const: kind } }
    })
  }
  const text = JSON.stringify(schemas.NetworkPlan)
  t.match(schemas.NetworkPlan, {
    properties: { spec: { properties: { reservedRanges: { items: { required: ['range'] } } } } }
  })
  t.notMatch(text, /bigint|family/, 'the input form, not the parsed one')
})

await test('nearestName() knows a slip from another name', async t => {
  const names = ['pool-overlap', 'pool-unusable', 'eip-type', 'spec']
  t.equal(nearestName('pool-overlaps', names), 'pool-overlap')
  t.equal(nearestName('POOL-OVERLAP', names), 'pool-overlap')
  t.equal(nearestName('epi-type', names), 'eip-type')
  t.equal(nearestName('size', names), undefined)
  t.equal(nearestName('', names), undefined)
})
