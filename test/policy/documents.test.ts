import { test } from 'tap'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import type { Action } from '../../src/policy/action.ts'
import { parsePolicies, type PolicyFile } from '../../src/policy/policy-set.ts'
import { exposureFor } from '../../src/policy/resolve-exposure.ts'
import { partOf, readYaml } from '../../src/policy/yaml-source.ts'

const KNOWN_RULES: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['pool-overlap', 'deny'],
  ['pool-unusable', 'warn'],
  ['eip-type', 'deny']
])

/** Lines 1 to 3 of every plan below, so its spec begins in line 4. */
const PLAN = 'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\n'
const EXPOSURE = 'apiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: all}\n'
const GOOD_PLAN = `${PLAN}spec: {}\n`

/** What is wrong with the files, one line each; empty when nothing is. */
function errorsIn(files: readonly PolicyFile[]): readonly string[] {
  const parsed = parsePolicies(files, KNOWN_RULES)
  return parsed.ok ? [] : parsed.errors.map(formatDocumentError)
}

/** Each spec stands in lines 4 and following of p.yaml; the errors are without `p.yaml:`. */
const BAD_SPECS: readonly (readonly [string, ...string[]])[] = [
  ['spec: {nodesubnets: []}', '4:8: spec.nodesubnets: unknown key. Hint: did you mean "nodeSubnets"?'],
  [
    'spec:\n  nodeSubnets:\n  - {cidr: 10.0.0.0/24, gatewy: 10.0.0.1}',
    '6:25: spec.nodeSubnets[0].gatewy: unknown key. Hint: did you mean "gateway"?'
  ],
  [
    'spec: {metallb: {size: 3}}',
    '4:18: spec.metallb.size: unknown key. Hint: known: namespace, loadBalancerClass, bgpType, poolAnnotation'
  ],
  [
    'spec:\n  nodeSubnets:\n  - 192.168.1.0/33',
    '6:5: spec.nodeSubnets[0]: "192.168.1.0/33": prefix length above 32. Hint: a number from 0 to 32'
  ],
  [
    'spec:\n  nodeSubnets:\n  - {cidr: 10.0.0.0-10.0.0.255}',
    '6:12: spec.nodeSubnets[0].cidr: "10.0.0.0-10.0.0.255": a range a-b may not stand here. Hint: write 10.0.0.0/24'
  ],
  [
    'spec:\n  nodeSubnets:\n  - {cidr: 10.0.0.0/24, gateway: 10.0.1.1}',
    '6:34: spec.nodeSubnets[0].gateway: "10.0.1.1": is not in 10.0.0.0/24'
  ],
  [
    'spec: {nodeSubnets: 10.0.0.0/24}',
    '4:21: spec.nodeSubnets: "10.0.0.0/24": expected a list. Hint: write ["10.0.0.0/24"]'
  ],
  [
    'spec:\n  nodeSubnets:\n  reservedRanges: []',
    '5:3: spec.nodeSubnets: null: expected a list, found nothing. Hint: write [] for none, or leave the key out'
  ],
  [
    'spec: {nodeSubnets: [10.9]}',
    '4:22: spec.nodeSubnets[0]: 10.9: expected text or a mapping. Hint: write it in quotes: "10.9"'
  ],
  [
    'spec: {reservedRanges: [10.0.0.1]}',
    '4:25: spec.reservedRanges[0]: "10.0.0.1": expected a mapping. Hint: its keys: range, purpose, owner'
  ],
  [
    'spec: {reservedRanges: [{range: 10}]}',
    '4:33: spec.reservedRanges[0].range: 10: expected text. Hint: write it in quotes: "10"'
  ],
  ['spec:\n  reservedRanges:\n  - purpose: DHCP', '6:5: spec.reservedRanges[0].range: is required: text'],
  [
    'spec: {reservedRanges: [{range: dhcp.example.com}]}',
    '4:33: spec.reservedRanges[0].range: "dhcp.example.com": "dhcp.example.com" is not an IP address. Hint: host names are not looked up; write the addresses'
  ],
  [
    'spec: {reservedRanges: [{range: 10.0.0.9-10.0.0.1}]}',
    '4:33: spec.reservedRanges[0].range: "10.0.0.9-10.0.0.1": ends before it begins. Hint: write 10.0.0.1-10.0.0.9'
  ],
  [
    'spec: {clusterRanges: {pods: ["10.0.0.1-fd00::1"]}}',
    '4:31: spec.clusterRanges.pods[0]: "10.0.0.1-fd00::1": mixes IPv4 and IPv6. Hint: write one range for each'
  ],
  [
    'spec: {allocations: [{range: 10.0.0.010}]}',
    '4:30: spec.allocations[0].range: "10.0.0.010": leading zero in "10.0.0.010". Hint: some programs read it as octal'
  ],
  [
    'spec: {kubeOvn: {version: 1.10}}',
    '4:27: spec.kubeOvn.version: 1.10: expected text. Hint: write it in quotes: "1.10"'
  ],
  [
    'spec: {networkingMode: vlans}',
    '4:24: spec.networkingMode: "vlans": expected one of "overlay", "vlan". Hint: did you mean "vlan"?'
  ],
  [
    'spec: {tenancy: {unmappedOvnEips: audit}}',
    '4:35: spec.tenancy.unmappedOvnEips: "audit": expected one of "warn", "deny"'
  ],
  [
    'spec: {edgeRouter: {mode: edgeNat}}',
    '4:27: spec.edgeRouter.mode: "edgeNat": expected one of "directRouting", "edgeNAT". Hint: did you mean "edgeNAT"?'
  ],
  [
    'spec: {edgeRouter: {mode: directRouting, mappings: []}}',
    '4:42: spec.edgeRouter.mappings: does not go with this mode. Hint: take it out'
  ],
  [
    'spec: {edgeRouter: {mode: edgeNAT, mappings: [{publicIP: 203.0.113.1, eip: 10.0.0.1}, {publicIP: 203.0.113.1, eip: 10.0.0.2}]}}',
    '4:98: spec.edgeRouter.mappings[1].publicIP: "203.0.113.1": is mapped already; edge NAT is one to one'
  ],
  ['spec: {capacity: {warnPercent: 101}}', '4:32: spec.capacity.warnPercent: 101: above 100'],
  ['spec: {capacity: {warnPercent: 0.5}}', '4:32: spec.capacity.warnPercent: 0.5: expected a whole number'],
  [
    'spec: {capacity: {warnPercent: 96}}',
    '4:8: spec.capacity: warns at 96 percent, after it is critical at 95'
  ],
  [
    'spec: {platform: {users: ["system:serviceaccount:*"]}}',
    '4:27: spec.platform.users[0]: "system:serviceaccount:*": not an exact name: patterns are not supported'
  ],
  [
    'spec: {metallb: {namespace: MetalLB}}',
    '4:29: spec.metallb.namespace: "MetalLB": not a Kubernetes name: lower-case letters, digits, - and .'
  ],
  [
    'spec:\n  __proto__: {scope: tenantCluster}',
    '5:3: spec.__proto__: unknown key. Hint: known: scope, tenant, networkingMode, nodeSubnets, reservedRanges, clusterRanges, allocations, metallb, kubeOvn, globalPool, poolModel, edgeRouter, capacity, platform, controllers, tenancy, widenings'
  ],
  [
    'spec: {nodeSubnets: [{cidr: 10.0.0.0/24, nodeSelector: {matchLabels: {__proto__: x}}}]}',
    '4:71: spec.nodeSubnets[0].nodeSelector.matchLabels.__proto__: unknown key'
  ],
  [
    'spec: {nodeSubnets: [{cidr: 10.0.0.0/24, nodeSelector: {matchLabels: {rack/row: 7}}}]}',
    '4:81: spec.nodeSubnets[0].nodeSelector.matchLabels[rack/row]: 7: expected text. Hint: write it in quotes: "7"'
  ],
  [
    'spec:\n  scope: tenantCluster',
    '4:1: spec.tenant: is required with scope tenantCluster. Hint: say whose cluster it is'
  ],
  [
    'spec:\n  tenant: acme',
    '5:3: spec.tenant: goes with scope tenantCluster only. Hint: set scope: tenantCluster, or take it out'
  ],
  [
    'spec: {globalPool: {externalSubnets: [external], defaultExternalSubnet: other}}',
    '4:73: spec.globalPool.defaultExternalSubnet: "other": the default is not granted to tenants. Hint: add it to spec.globalPool.externalSubnets'
  ],
  [
    'spec: {tenancy: {ovnEipOwners: [{user: cpo}, {user: cpo, tenant: a, tenantFromLabel: b}]}}',
    '4:33: spec.tenancy.ovnEipOwners[0]: {"user":"cpo"}: needs exactly one of tenant and tenantFromLabel',
    '4:46: spec.tenancy.ovnEipOwners[1]: {"user":"cpo","tenant":"a","tenantFromLabel":"b"}: needs exactly one of tenant and tenantFromLabel'
  ],
  [
    'spec: {tenancy: {serviceOwners: [{user: gw}, {user: gw, tenant: a, namespaceFromLabel: b}]}}',
    '4:34: spec.tenancy.serviceOwners[0]: {"user":"gw"}: needs exactly one of tenant, tenantFromLabel and namespaceFromLabel',
    '4:46: spec.tenancy.serviceOwners[1]: {"user":"gw","tenant":"a","namespaceFromLabel":"b"}: needs exactly one of tenant, tenantFromLabel and namespaceFromLabel'
  ],
  [
    'spec:\n  tenancy:\n    tenants:\n    - name: a\n    - name: a',
    '8:13: spec.tenancy.tenants[1].name: "a": is already in spec.tenancy.tenants[0].name'
  ],
  [
    'spec: {tenancy: {tenants: [{name: a, vlan: {exposure: ccmProxy, ipAddressPool: a}}]}}',
    '4:38: spec.tenancy.tenants[0].vlan: the tenant is in overlay mode. Hint: add networkingMode: vlan'
  ],
  [
    'spec: {networkingMode: vlan, tenancy: {tenants: [{name: a, externalSubnets: [a]}]}}',
    '4:60: spec.tenancy.tenants[0].externalSubnets: a tenant in vlan mode takes no address from OVN. Hint: take it out'
  ],
  [
    'spec: {networkingMode: vlan, tenancy: {tenants: [{name: a, vlan: {exposure: ccmProxy, routed: true}}]}}',
    '4:60: spec.tenancy.tenants[0].vlan.ipAddressPool: is required: text',
    '4:87: spec.tenancy.tenants[0].vlan.routed: does not go with this exposure. Hint: take it out'
  ],
  [
    [
      'spec:',
      '  globalPool: {ipAddressPool: default-pool}',
      '  networkingMode: vlan',
      '  tenancy:',
      '    tenants:',
      '    - {name: a, vlan: {exposure: ccmProxy, ipAddressPool: default-pool, range: 10.9.0.0/24}}',
      '    - {name: b, vlan: {exposure: ccmProxy, ipAddressPool: b, range: 10.9.0.128/25}}',
      '    - {name: c, vlan: {exposure: tenantMetalLB, range: 10.9.0.0/24}}'
    ].join('\n'),
    '9:59: spec.tenancy.tenants[0].vlan.ipAddressPool: "default-pool": is already in spec.globalPool',
    '10:69: spec.tenancy.tenants[1].vlan.range: "10.9.0.128/25": shares 128 addresses with spec.tenancy.tenants[0].vlan.range: 10.9.0.128/25'
  ],
  [
    [
      'spec:',
      '  networkingMode: vlan',
      '  nodeSubnets: [192.168.1.0/24, {cidr: 10.9.2.0/24}, {cidr: 10.9.3.0/24, interfaces: [vlan713]}]',
      '  reservedRanges: [{range: 10.9.0.0-10.9.0.9, purpose: routers}, {range: 10.9.1.7}]',
      '  clusterRanges: {services: [10.96.0.0/12], pods: [10.244.0.0/16]}',
      '  tenancy:',
      '    tenants:',
      '    - {name: a, vlan: {exposure: ccmProxy, ipAddressPool: a, range: 10.9.0.0/23}}',
      '    - {name: b, vlan: {exposure: tenantMetalLB, routed: true, range: 10.9.2.128/25}}',
      '    - {name: c, vlan: {exposure: ccmProxy, ipAddressPool: c, range: 10.9.3.128/25}}',
      '    - {name: d, vlan: {exposure: ccmProxy, ipAddressPool: d, range: 10.9.3.0-10.9.4.9}}',
      '    - {name: e, vlan: {exposure: ccmProxy, ipAddressPool: e, range: 10.244.255.0-10.245.0.9}}',
      '    - {name: f, vlan: {exposure: ccmProxy, ipAddressPool: f, range: 10.100.0.0/24}}',
      '    - {name: g, vlan: {exposure: tenantMetalLB, range: 192.168.1.0/24}}'
    ].join('\n'),
    '11:69: spec.tenancy.tenants[0].vlan.range: "10.9.0.0/23": shares 10 addresses with spec.reservedRanges[0].range: 10.9.0.0-10.9.0.9',
    '11:69: spec.tenancy.tenants[0].vlan.range: "10.9.0.0/23": shares 1 address with spec.reservedRanges[1].range: 10.9.1.7',
    `12:70: spec.tenancy.tenants[1].vlan.range: "10.9.2.128/25": shares 128 addresses with spec.nodeSubnets[1].cidr: 10.9.2.128/25. Hint: if nodes are in that VLAN, give that subnet's interfaces`,
    '14:69: spec.tenancy.tenants[3].vlan.range: "10.9.3.0-10.9.4.9": shares 128 addresses with spec.tenancy.tenants[2].vlan.range: 10.9.3.128/25',
    `14:69: spec.tenancy.tenants[3].vlan.range: "10.9.3.0-10.9.4.9": shares 256 addresses with spec.nodeSubnets[2].cidr: 10.9.3.0/24. Hint: if nodes are in that VLAN, give that subnet's interfaces`,
    '15:69: spec.tenancy.tenants[4].vlan.range: "10.244.255.0-10.245.0.9": shares 256 addresses with spec.clusterRanges.pods[0]: 10.244.255.0/24',
    '16:69: spec.tenancy.tenants[5].vlan.range: "10.100.0.0/24": shares 256 addresses with spec.clusterRanges.services[0]: 10.100.0.0/24'
  ],
  [
    [
      'spec:',
      '  scope: tenantCluster',
      '  tenant: a',
      '  networkingMode: vlan',
      '  nodeSubnets: [10.9.0.0/24]',
      '  reservedRanges: [{range: 10.9.0.1}]',
      '  allocations: [{range: 10.9.0.0/25}, {range: 10.9.0.192-10.9.1.9}, {range: 10.20.0.0/24, announcement: bgp}]',
      '  tenancy: {tenants: [{name: a, vlan: {exposure: tenantMetalLB, routed: true, range: 10.9.0.0/24}}]}'
    ].join('\n'),
    `10:47: spec.allocations[1].range: "10.9.0.192-10.9.1.9": is not in the range of the tenant's VLAN, 10.9.0.0/24`
  ],
  [
    'spec:\n  globalPool: {externalSubnets: [external]}\n  tenancy: {tenants: [{name: a, externalSubnets: [external]}]}',
    '6:51: spec.tenancy.tenants[0].externalSubnets[0]: "external": is already in spec.globalPool'
  ],
  [
    'spec:\n  scope: underCluster\n  nodeSubnets: []\n  scope: tenantCluster',
    '7:3: spec.scope: the key is given twice. Hint: keep one'
  ],
  ['spec:\n  scope: *x', '5:10: spec.scope: no anchor &x before this alias'],
  ['spec:\n  nodeSubnets: &a [*a]', '5:20: spec.nodeSubnets[0]: the alias *a is inside its own anchor'],
  [
    'spec: {platform: {users: !!set {a, b}}}',
    '4:32: spec.platform.users: the tag tag:yaml.org,2002:set is not supported. Hint: write a plain value'
  ],
  ['spec:\n\tscope: underCluster', '5:1: tabs are not allowed as indentation. Hint: indent with blanks'],
  [
    'spec:\n  scope: under: cluster',
    '5:10: nested mappings are not allowed in compact mappings. Hint: put text that holds ": " in quotes'
  ],
  ['spec: {scope: "underCluster}', '5:1: missing closing "quote. Hint: each quote, [ and { needs its end'],
  [`spec: ${'['.repeat(5000)}${']'.repeat(5000)}`, '4:106: nested deeper than 100 levels']
]

/** CPU time since `before`: unlike the clock, it does not count what other programs do meanwhile. */
function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

await test('parsePolicies() says where a plan is wrong, what stands there and what to do', async t => {
  for (const [spec, ...expected] of BAD_SPECS) {
    const errors = errorsIn([{ path: 'p.yaml', text: `${PLAN}${spec}\n` }])
    t.strictSame(
      errors,
      expected.map(error => `p.yaml:${error}`),
      spec.slice(0, 100)
    )
  }
})

await test('parsePolicies() refuses what is no policy, and sets without exactly one plan', async t => {
  const rows: readonly (readonly [readonly string[], ...string[]])[] = [
    [[], 'policies: no files: a NetworkPlan is required. Hint: add exactly one'],
    [
      ['# nothing\n', EXPOSURE + 'spec: {}\n'],
      '0.yaml, 1.yaml: there is no NetworkPlan. Hint: add exactly one'
    ],
    [
      [GOOD_PLAN, `---\n---\n${GOOD_PLAN}---\n${GOOD_PLAN}`],
      '1.yaml:4:7: kind: "NetworkPlan": there must be exactly one NetworkPlan; another is at 0.yaml:1. Hint: keep one',
      '1.yaml:9:7: kind: "NetworkPlan": there must be exactly one NetworkPlan; another is at 0.yaml:1. Hint: keep one'
    ],
    [['- a\n'], '0.yaml:1:1: ["a"]: expected a mapping with apiVersion, kind and spec'],
    [
      ['apiVersion: v1\nkind: ConfigMap\n'],
      '0.yaml:1:13: apiVersion: "v1": is not a version of poolguard policies. Hint: apiVersion: poolguard.io/v1alpha1'
    ],
    [
      [GOOD_PLAN.replace('NetworkPlan', 'networkplan')],
      '0.yaml:2:7: kind: "networkplan": is no kind of policy. Hint: did you mean "NetworkPlan"?'
    ],
    [
      ['apiVersion: poolguard.io/v1alpha1\nspec: {}\n'],
      '0.yaml:1:1: kind: is required. Hint: one of NetworkPlan, ExposurePolicy, PolicyTest'
    ],
    [
      ['a: b: c\n', `${PLAN}spec: {scop: x}\n`],
      '0.yaml:1:4: nested mappings are not allowed in compact mappings. Hint: put text that holds ": " in quotes',
      '1.yaml:4:8: spec.scop: unknown key. Hint: did you mean "scope"?'
    ],
    [
      [`{"apiVersion": "poolguard.io/v1alpha1",\n "kind": "NetworkPlan", "kind": ""}`],
      '0.yaml:2:25: kind: the key is given twice. Hint: keep one'
    ],
    [
      [
        JSON.stringify(
          { apiVersion: 'poolguard.io/v1alpha1', kind: 'NetworkPlan', metadata: {}, spec: {} },
          null,
          2
        )
      ],
      '0.yaml:4:3: metadata.name: is required: text'
    ]
  ]
  for (const [texts, ...expected] of rows) {
    const files = texts.map((text, i) => ({ path: `${i}.yaml`, text }))
    t.strictSame(errorsIn(files), expected, texts.join('').slice(0, 80))
  }
})

await test('parsePolicies() refuses in an ExposurePolicy what it would not obey', async t => {
  const spec = [
    'spec:',
    '  actions:',
    '    pool-overlaps: deny',
    '    eip-typo: off',
    '    __proto__: off',
    '  customRules: []',
    '  quota: 5',
    ''
  ].join('\n')
  const files = [
    { path: 'plan.yaml', text: GOOD_PLAN },
    { path: 'e.yaml', text: EXPOSURE + spec }
  ]
  t.strictSame(errorsIn(files), [
    'e.yaml:6:5: spec.actions.pool-overlaps: no rule has this id. Hint: did you mean "pool-overlap"?',
    'e.yaml:7:5: spec.actions.eip-typo: no rule has this id. Hint: did you mean "eip-type"?',
    'e.yaml:8:5: spec.actions.__proto__: unknown key',
    'e.yaml:10:3: spec.quota: unknown key. Hint: known: appliesTo, actions, pools, services, ovnEips, customRules, exemptions, widenings'
  ])
  const text = EXPOSURE + 'spec: {actions: {pool-overlap: block}}\n'
  t.strictSame(
    errorsIn([
      { path: 'plan.yaml', text: GOOD_PLAN },
      { path: 'e.yaml', text }
    ]),
    ['e.yaml:4:32: spec.actions.pool-overlap: "block": expected one of "deny", "warn", "audit", "off"']
  )
})

await test('parsePolicies() takes the strictest action whatever the order of files', async t => {
  const exposure = (actions: string) => ({ path: 'e.yaml', text: `${EXPOSURE}spec: {actions: ${actions}}\n` })
  const files = [
    { path: 'plan.yaml', text: GOOD_PLAN },
    exposure('{pool-overlap: off, pool-unusable: audit}'),
    exposure('{pool-overlap: warn, pool-unusable: off}'),
    { path: 'none.yaml', text: `${EXPOSURE}spec: {}\n` }
  ]
  const expected = new Map([
    ['pool-overlap', 'warn'],
    ['pool-unusable', 'audit']
  ])
  const anything = {
    tenancy: { kind: 'platform' },
    namespaceLabels: undefined,
    serviceClass: undefined
  } as const
  const parsed = [files, files.toReversed()].map(order => parsePolicies(order, KNOWN_RULES))
  const texts = parsed.map(one => (one.ok ? one.policies.canonical : ''))
  for (const one of parsed) t.same(one.ok && exposureFor(one.policies.exposures, anything).actions, expected)
  t.match(texts[0], 'pool-overlap')
  t.equal(texts[0], texts[1], 'the order of files does not show in what the digest is made of')
  const changed = parsePolicies(files.slice(0, 3), KNOWN_RULES)
  t.not(changed.ok && changed.policies.canonical, texts[0])
})

await test('readYaml() goes on after a broken document and counts those with content', async t => {
  const { documents, errors } = readYaml(
    'f.yaml',
    'a: 1\n---\n---\nb: [\n---\nc: &x {d: 1}\ne: {<<: *x, f: 2}\n'
  )
  t.strictSame(
    documents.map(({ value, index }) => [index, value]),
    [
      [0, { a: 1 }],
      [2, { c: { d: 1 }, e: { d: 1, f: 2 } }]
    ]
  )
  t.strictSame(errors.map(formatDocumentError), [
    'f.yaml:5:1: flow sequence in block collection must be sufficiently indented and end with a ]. Hint: each quote, [ and { needs its end'
  ])
  const merged = documents[1]
  t.strictSame(merged?.position(['e', 'f']), { line: 7, column: 16 })
  t.strictSame(merged?.position(['e', 'f'], 'key'), { line: 7, column: 13 })
  t.strictSame(merged?.position(['e', 'missing', 'deep']), { line: 7, column: 1 }, 'the key of the mapping')
  t.strictSame(merged && partOf(merged, ['e']).position(['f']), { line: 7, column: 16 })
  t.strictSame(readYaml('f.yaml', '# only words\n'), { documents: [], errors: [] })
})

/** The first error of f.yaml, or undefined. */
function first(text: string): string | undefined {
  return readYaml('f.yaml', text).errors.map(formatDocumentError)[0]
}

await test('readYaml() stays quick and within bounds on hostile texts', async t => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  const names = 'abcdef'
  for (let i = 1; i < names.length; i++) {
    const aliases = Array.from({ length: 10 }, () => `*${names.charAt(i - 1)}`)
    bomb.push(`${names.charAt(i)}: &${names.charAt(i)} [${aliases.join(', ')}]`)
  }
  t.equal(
    first(bomb.join('\n')),
    'f.yaml:5:36: e[7]: aliases add more than 100000 nodes. Hint: write the values out'
  )
  const chain = Array.from({ length: 300 }, (_, i) => `k${i}: &k${i} [${i === 0 ? '' : `*k${i - 1}`}]`)
  t.match(first(chain.join('\n')), /^f.yaml:\d+:\d+: k\d+\[0\]: nested deeper than 100 levels$/)
  t.equal(first('{a: '.repeat(20_000)), 'f.yaml:1:401: nested deeper than 100 levels')
  t.equal(first('- '.repeat(20_000)), 'f.yaml:1:201: nested deeper than 100 levels')
  t.match(first('a'.repeat(16 * 1024 * 1024 + 1)), /^f.yaml: 16777217 characters, more than 16777216\. Hint:/)
  const wide = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')
  const before = process.cpuUsage()
  t.equal(first(`${wide}\nk7: 2`), 'f.yaml:20001:1: k7: the key is given twice. Hint: keep one')
  t.ok(cpuSeconds(before) < 2, 'keys are not compared each with every other')
})

await test('readYaml() reads JSON as such, and as strictly', async t => {
  const text = '{\n\t"a": {"b\\":": [1.50, "x"]},\n\t"__proto__": 1\n}'
  const { documents, errors } = readYaml('f.json', text)
  t.strictSame(errors, [])
  const [document] = documents
  t.equal(JSON.stringify(document?.value), '{"a":{"b\\":":[1.5,"x"]},"__proto__":1}')
  t.strictSame(document?.position(['a', 'b":', 1]), { line: 2, column: 23 })
  t.equal(document?.shown(['a', 'b":', 0]), '1.50', 'numbers are shown as written')
  t.equal(readYaml('f.json', '{"a": 1, "a": 1}').errors.length, 1)
  t.equal(readYaml('f.json', '[1, 2] # comment').documents.length, 1, 'YAML that only begins like JSON')
})
