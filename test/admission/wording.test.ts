import { test } from 'tap'
import { findingWords } from '../../src/admission/wording/finding.ts'
import type { AddressRange } from '../../src/address/range.ts'
import type { Occupant } from '../../src/rules/findings/at.ts'
import type { Finding, FindingCode } from '../../src/rules/finding.ts'

const RANGE: AddressRange = { family: 4, first: 0x0a090807n, last: 0x0a090817n }
const OTHER = { kind: 'Vpc', namespace: '', name: 'foreign-object' }
const ALTERNATIVE = { nearest: RANGE, largestPart: RANGE, largestFree: RANGE }
const OCCUPANT = { use: 'pool', other: OTHER, note: '' } as const
const AT = { field: 'spec.field', value: 'written', restsOn: [OTHER] }

/** What the user wrote himself. */
const WRITTEN = { kind: 'Subnet', namespace: '', name: 'written' }

/** What a tenant has is its own affair; the policy that limits it is the platform's. */
const USAGE = { of: 'Service', tenant: 'written', policy: 'foreign-policy', limit: 5, used: 7 } as const

/** One finding of every code, foreign facts written as `foreign-...` or as 10.9.8.7. */
const FINDINGS: { readonly [C in FindingCode]: Extract<Finding, { code: C }> } = {
  'unparsable-range': { ...AT, code: 'unparsable-range', problem: { problem: 'empty' } },
  'no-addresses': { ...AT, code: 'no-addresses' },
  'shares-with': { ...AT, ...ALTERNATIVE, ...OCCUPANT, code: 'shares-with', range: RANGE },
  'covers-pool': { ...AT, ...OCCUPANT, code: 'covers-pool', range: RANGE },
  'repeats-itself': { ...AT, code: 'repeats-itself', range: RANGE, otherField: 'spec.other' },
  'outside-node-subnets': {
    ...AT,
    ...ALTERNATIVE,
    code: 'outside-node-subnets',
    range: RANGE,
    announcedBy: OTHER,
    nodeSubnets: ['foreign-subnet']
  },
  reserved: {
    ...AT,
    ...ALTERNATIVE,
    code: 'reserved',
    range: RANGE,
    reason: { by: 'plan', purpose: 'foreign-purpose', owner: 'foreign-owner', text: 'foreign-range' }
  },
  'quota-reached': { ...AT, ...USAGE, code: 'quota-reached' },
  'quota-exceeded': { ...AT, ...USAGE, code: 'quota-exceeded' },
  unallocated: {
    ...AT,
    ...ALTERNATIVE,
    code: 'unallocated',
    range: RANGE,
    allocations: ['foreign-range']
  },
  'allocated-to-l2': { ...AT, ...ALTERNATIVE, code: 'allocated-to-l2', range: RANGE },
  'in-use': {
    ...AT,
    code: 'in-use',
    because: 'deleted',
    services: [{ ref: OTHER, addresses: ['10.9.8.7'] }],
    total: 17
  },
  'wrong-namespace': { ...AT, code: 'wrong-namespace', expected: 'metallb-system' },
  'open-selector': { ...AT, code: 'open-selector', hasServiceSelectors: false },
  // The author's words, which are the tenant's business whatever they say.
  'custom-rule': {
    ...AT,
    code: 'custom-rule',
    outcome: 'refused',
    text: 'spec.field written is not allowed.'
  },
  unadvertised: { ...AT, code: 'unadvertised', lost: OTHER },
  'nothing-usable': { ...AT, code: 'nothing-usable', family: 4 },
  'nearly-full': {
    ...AT,
    code: 'nearly-full',
    family: 4,
    counts: { size: 168_364_039n, used: 168_364_039n, unusable: 168_364_039n, free: 168_364_039n },
    level: 'warning',
    percent: 80
  },
  'too-large': { ...AT, code: 'too-large', range: RANGE, prefix: 16 },
  'dedicated-pool': { ...AT, code: 'dedicated-pool', tenant: 'acme', globalPool: 'default-pool' },
  'unknown-pool': { ...AT, code: 'unknown-pool', near: 'foreign-pool' },
  'unknown-peer': { ...AT, code: 'unknown-peer', near: 'foreign-peer' },
  'unknown-community': { ...AT, code: 'unknown-community', near: 'foreign-name' },
  'selects-nothing': { ...AT, code: 'selects-nothing', kind: 'Node' },
  'announced-off-subnet': {
    ...AT,
    code: 'announced-off-subnet',
    pool: OTHER,
    poolField: 'spec.addresses[0]',
    range: RANGE,
    nodeSubnets: ['foreign-subnet']
  },
  'announced-from-other-subnet': {
    ...AT,
    code: 'announced-from-other-subnet',
    pool: OTHER,
    poolField: 'spec.addresses[0]',
    range: RANGE,
    nodeSubnet: 'foreign-subnet',
    node: 'foreign-node',
    nodes: 3
  },
  'announced-by-nodes-elsewhere': {
    ...AT,
    code: 'announced-by-nodes-elsewhere',
    advertisement: OTHER,
    range: RANGE,
    nodeSubnet: 'foreign-subnet',
    node: 'foreign-node',
    nodes: 3
  },
  'interface-not-on-subnet': {
    ...AT,
    code: 'interface-not-on-subnet',
    nodeSubnets: ['foreign-subnet'],
    interfaces: ['foreign-interface']
  },
  'subnet-without-interface': {
    ...AT,
    code: 'subnet-without-interface',
    pool: OTHER,
    nodeSubnet: 'foreign-subnet',
    interfaces: ['foreign-interface']
  },
  'announced-on-other-interface': {
    ...AT,
    code: 'announced-on-other-interface',
    advertisement: OTHER,
    range: RANGE,
    nodeSubnet: 'foreign-subnet',
    interfaces: ['foreign-interface']
  },
  'last-advertisement': { ...AT, code: 'last-advertisement', pool: OTHER, services: 2 },
  'still-named': { ...AT, code: 'still-named', by: OTHER, count: 2 },
  repeated: { ...AT, code: 'repeated', list: 'spec.field', otherField: 'spec.other' },
  'bad-selector': { ...AT, code: 'bad-selector', list: 'spec.field', problem: 'operator' },
  'aggregation-length': { ...AT, code: 'aggregation-length', family: 4, least: 1, most: 32 },
  'aggregation-with-selectors': { ...AT, code: 'aggregation-with-selectors' },
  'aggregation-too-wide': {
    ...AT,
    code: 'aggregation-too-wide',
    advertisement: OTHER,
    length: 24,
    pool: OTHER,
    poolField: 'spec.addresses[0]',
    entry: 'foreign-range',
    prefix: 30,
    unmapped: undefined
  },
  'local-pref-conflict': {
    ...AT,
    code: 'local-pref-conflict',
    advertisement: OTHER,
    localPref: 100,
    other: OTHER,
    otherLocalPref: 200,
    pool: OTHER,
    sharedNode: 'foreign-node'
  },
  'native-ipv6': {
    ...AT,
    code: 'native-ipv6',
    advertisement: OTHER,
    pool: OTHER,
    entry: 'foreign-range'
  },
  'bfd-echo-ipv6': {
    ...AT,
    code: 'bfd-echo-ipv6',
    advertisement: OTHER,
    pool: OTHER,
    peer: OTHER,
    profile: OTHER
  },
  'bad-community': { ...AT, code: 'bad-community' },
  'large-community': { ...AT, code: 'large-community' },
  'community-defined': { ...AT, code: 'community-defined', other: OTHER },
  'peer-mistake': { ...AT, code: 'peer-mistake', mistake: 'not-an-address' },
  'peer-conflict': { ...AT, code: 'peer-conflict', about: 'routerID', other: OTHER, otherValue: '10.9.8.7' },
  'unknown-bfd-profile': { ...AT, code: 'unknown-bfd-profile', near: 'foreign-profile' },
  'bfd-number': { ...AT, code: 'bfd-number', least: 2, most: 255 },
  'bfd-in-native-mode': { ...AT, code: 'bfd-in-native-mode' },
  'pool-not-granted': {
    ...AT,
    code: 'pool-not-granted',
    pool: 'foreign-pool',
    via: 'any',
    tenant: 'acme',
    granted: ['default-pool']
  },
  'request-unparsable': { ...AT, code: 'request-unparsable', problem: { problem: 'empty' } },
  'asks-twice': { ...AT, code: 'asks-twice', otherField: 'a', otherValue: 'b' },
  'too-many-addresses': { ...AT, code: 'too-many-addresses', count: 3 },
  'same-family': { ...AT, code: 'same-family', otherValue: 'b' },
  'not-its-family': { ...AT, code: 'not-its-family', ipFamilies: ['IPv4'] },
  'not-in-pool': { ...AT, code: 'not-in-pool', pool: 'written' },
  'in-no-pool': { ...AT, code: 'in-no-pool', granted: ['default-pool'] },
  'held-by': { ...AT, code: 'held-by', other: OTHER, isOwn: false },
  'shares-key': { ...AT, code: 'shares-key', other: OTHER, others: 2, isOwn: false },
  'type-not-allowed': { ...AT, code: 'type-not-allowed', allowed: ['ClusterIP'] },
  'class-not-allowed': { ...AT, code: 'class-not-allowed', allowed: [''] },
  'port-denied': {
    ...AT,
    code: 'port-denied',
    serviceType: 'NodePort',
    as: 'port',
    denied: { first: 22, last: 22 }
  },
  'external-ip-unparsable': {
    ...AT,
    code: 'external-ip-unparsable',
    serviceType: 'ClusterIP',
    problem: { problem: 'empty' }
  },
  'external-ip-not-allowed': {
    ...AT,
    code: 'external-ip-not-allowed',
    serviceType: 'ClusterIP',
    allowed: ['203.0.113.0/24']
  },
  'external-ip-taken': {
    ...AT,
    code: 'external-ip-taken',
    serviceType: 'ClusterIP',
    use: 'service',
    other: OTHER,
    note: ''
  },
  'source-range-unparsable': { ...AT, code: 'source-range-unparsable', problem: { problem: 'empty' } },
  'source-range-not-allowed': { ...AT, code: 'source-range-not-allowed', range: RANGE, allowed: [] },
  'source-ranges-missing': { ...AT, code: 'source-ranges-missing', family: undefined, isAnnotated: false },
  'address-request-denied': { ...AT, code: 'address-request-denied' },
  'address-outside-grants': { ...AT, code: 'address-outside-grants', granted: [] },
  'sharing-denied': { ...AT, code: 'sharing-denied' },
  'pools-exhausted': { ...AT, code: 'pools-exhausted', pools: ['default-pool'], family: 4, counts: [] },
  'service-status-write': { ...AT, code: 'service-status-write' },
  'tenant-changes': { ...AT, code: 'tenant-changes', from: 'acme', to: 'written' },
  'tenant-unproven': { ...AT, code: 'tenant-unproven', tenant: 'written', flaw: undefined },
  'address-not-annotated': { ...AT, code: 'address-not-annotated', annotated: [], annotation: 'a' },
  'unknown-subnet': { ...AT, code: 'unknown-subnet', subnet: 'written' },
  'no-provider-subnet': { ...AT, code: 'no-provider-subnet', subnet: 'written' },
  'unparsable-address': { ...AT, code: 'unparsable-address', problem: { problem: 'empty' } },
  'wrong-family': { ...AT, code: 'wrong-family', expected: 4 },
  'outside-subnet': {
    ...AT,
    code: 'outside-subnet',
    subnet: { kind: 'Subnet', namespace: '', name: 'written' },
    cidrBlock: 'foreign-cidr'
  },
  'system-type': { ...AT, code: 'system-type', allowed: ['Kube-OVN'] },
  'unknown-type': { ...AT, code: 'unknown-type', allowed: ['nat'] },
  'no-such-node': { ...AT, code: 'no-such-node' },
  'subnet-not-validated': {
    ...AT,
    code: 'subnet-not-validated',
    subnet: 'written',
    globalSubnets: ['external']
  },
  'foreign-subnet': {
    ...AT,
    code: 'foreign-subnet',
    subnet: 'written',
    owner: 'foreign-tenant',
    granted: ['external']
  },
  'outside-tenant-subnet': { ...AT, code: 'outside-tenant-subnet', subnet: 'written', granted: ['external'] },
  'subnet-shares': {
    ...AT,
    ...OCCUPANT,
    code: 'subnet-shares',
    subnet: { kind: 'Subnet', namespace: '', name: 'written' },
    as: 'attached',
    range: RANGE
  },
  'multi-dgp': {
    ...AT,
    code: 'multi-dgp',
    vpc: OTHER,
    subnet: 'written',
    subnets: ['foreign-a', 'foreign-b']
  },
  'node-in-pool': { ...AT, code: 'node-in-pool', holds: 'address', pool: OTHER, range: RANGE },
  'unknown-reference': { ...AT, code: 'unknown-reference', missing: OTHER },
  'vlan-mode': { ...AT, code: 'vlan-mode', tenant: 'foreign-tenant', exposure: undefined, pool: undefined },
  'several-ports': {
    ...AT,
    code: 'several-ports',
    vpc: OTHER,
    subnets: ['foreign-a', 'foreign-b'],
    bfdPort: false,
    atMost: 'warn'
  },
  'not-fixed': {
    ...AT,
    code: 'not-fixed',
    vpc: OTHER,
    unmet: { by: 'gateway-nodes', nodes: 17 },
    atMost: 'warn'
  },
  'subnet-in-use': {
    ...AT,
    code: 'subnet-in-use',
    loss: 'outside',
    users: [{ holder: OTHER, range: { ...RANGE, last: RANGE.first } }],
    count: 17
  },
  unrouted: { ...AT, code: 'unrouted', subnet: OTHER, range: RANGE },
  'unmapped-eip': { ...AT, code: 'unmapped-eip' },
  'subnet-not-granted': { ...AT, code: 'subnet-not-granted', granted: ['external'] },
  'static-address-denied': { ...AT, code: 'static-address-denied' },
  'unnamed-subnet': { ...AT, code: 'unnamed-subnet', byDefault: 'external' },
  'upper-case': { ...AT, code: 'upper-case' },
  'no-mac': { ...AT, code: 'no-mac' },
  'ignored-v6': { ...AT, code: 'ignored-v6', isAlone: true },
  'reserved-address': { ...AT, code: 'reserved-address', by: 'gateway', subnet: OTHER },
  'excluded-address': { ...AT, code: 'excluded-address', subnet: OTHER, isReused: true },
  'excluded-reused': { ...AT, code: 'excluded-reused', subnet: WRITTEN, excluded: '10.9.8.7' },
  'address-in-use': {
    ...AT,
    code: 'address-in-use',
    holder: OTHER,
    holderField: 'spec.v4Ip',
    nearest: RANGE
  },
  'in-ip-pool': { ...AT, code: 'in-ip-pool', pool: OTHER },
  'ipv6-subnet': { ...AT, code: 'ipv6-subnet', subnet: WRITTEN, isStuck: true },
  'named-like-port': { ...AT, code: 'named-like-port', port: OTHER },
  'named-like-pod': { ...AT, code: 'named-like-pod', namespace: 'written' },
  'named-like-gateway-port': { ...AT, code: 'named-like-gateway-port', vpc: OTHER, subnet: OTHER },
  'named-like-holder': { ...AT, code: 'named-like-holder', other: OTHER, subnet: 'foreign-subnet' },
  'changed-eip': { ...AT, code: 'changed-eip', was: 'before' },
  'used-by-nat': { ...AT, code: 'used-by-nat', rules: [OTHER] },
  'gateway-port': { ...AT, code: 'gateway-port', vpc: OTHER, subnet: OTHER },
  'deletes-port': { ...AT, code: 'deletes-port', port: OTHER },
  'status-write': { ...AT, code: 'status-write', was: 'before' },
  'unknown-eip': { ...AT, code: 'unknown-eip' },
  'foreign-eip': { ...AT, code: 'foreign-eip', owner: 'foreign-tenant' },
  'no-free-addresses': {
    ...AT,
    code: 'no-free-addresses',
    subnet: WRITTEN,
    family: 4,
    needed: 2,
    free: 17
  },
  'exhausted-subnet': { ...AT, code: 'exhausted-subnet', subnet: WRITTEN, family: 4 }
}

/** Advertisements are the platform's, in MetalLB's namespace: nobody else is told about one. */
const PLATFORM_ONLY: readonly string[] = ['announced-off-subnet', 'announced-from-other-subnet']

await test('findingWords() begins with the field and the value, on one line, and ends a sentence', async t => {
  for (const finding of Object.values(FINDINGS)) {
    for (const audience of ['platform', 'tenant'] as const) {
      const words = findingWords(finding, audience)
      t.match(words, /^spec\.field written [a-z].*[.?]$/, finding.code)
      t.notMatch(words, /\n|undefined|\[object/, finding.code)
    }
  }
})

/** What a warning of a rule reads like in the longest way that is to be expected. */
const WARNED: readonly (readonly [string, Finding])[] = [
  [
    'pool-open-selector',
    {
      code: 'open-selector',
      field: 'spec.serviceAllocation.namespaceSelectors',
      value: 'capsule.clastix.io/tenant=acme,stage in (production)',
      hasServiceSelectors: true,
      restsOn: []
    }
  ],
  [
    'pool-unadvertised',
    {
      code: 'unadvertised',
      field: 'metadata.name',
      value: 'p'.repeat(63),
      lost: undefined,
      restsOn: []
    }
  ],
  [
    'pool-unadvertised',
    {
      code: 'unadvertised',
      field: 'metadata.labels',
      value: '',
      lost: { kind: 'BGPAdvertisement', namespace: 'kmetal-metallb', name: 'a'.repeat(32) },
      restsOn: []
    }
  ],
  [
    'pool-unusable',
    { code: 'nothing-usable', field: 'spec.avoidBuggyIPs', value: 'true', family: 4, restsOn: [] }
  ],
  [
    'pool-unusable',
    {
      code: 'nearly-full',
      field: 'spec.addresses',
      value: '',
      family: 4,
      counts: { size: 65_536n, used: 62_000n, unusable: 512n, free: 3_024n },
      level: 'critical',
      percent: 95,
      restsOn: []
    }
  ],
  [
    'pool-too-large',
    {
      code: 'too-large',
      field: 'spec.addresses[10]',
      value: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff-2001:db8:bbbb:bbbb:cccc:dddd:eeee:ffff',
      range: RANGE,
      prefix: 64,
      restsOn: []
    }
  ]
]

await test('findingWords() of what only warns fit in what the API server leaves of a warning', async t => {
  for (const [rule, finding] of WARNED) {
    const warning = `${findingWords(finding, 'platform')} [${rule}]`
    t.ok(warning.length <= 256, `${warning.length}: ${warning}`)
  }
})

await test('findingWords() tells a tenant nothing about others', async t => {
  for (const finding of Object.values(FINDINGS).filter(({ code }) => !PLATFORM_ONLY.includes(code))) {
    const own = finding.code === 'repeats-itself' ? /foreign/ : /foreign|10\.9\.8|\b17 addresses/
    t.notMatch(findingWords(finding, 'tenant'), own, finding.code)
  }
})

await test('findingWords() says who has the addresses, and what for', async t => {
  const note = 'foreign-range'
  const others: readonly [Occupant, string][] = [
    [{ use: 'node', other: OTHER, note: '' }, 'with Vpc foreign-object: '],
    [{ use: 'external', other: OTHER, note: '' }, 'with Vpc foreign-object: '],
    [{ use: 'services', other: OTHER, note: '' }, 'with the Service addresses of Vpc foreign-object: '],
    [{ use: 'services', other: OTHER, note }, 'of the plan (clusterRanges.services foreign-range): '],
    [{ use: 'pods', other: OTHER, note: '' }, 'with the pod addresses of Vpc foreign-object: '],
    [{ use: 'pods', other: OTHER, note }, 'of the plan (clusterRanges.pods foreign-range): '],
    [{ use: 'provider', other: OTHER, note: '' }, 'with what Vpc foreign-object gives out: '],
    [{ use: 'reserved', other: OTHER, note }, 'with what the plan reserves as foreign-range: ']
  ]
  for (const [occupant, words] of others)
    t.match(findingWords({ ...FINDINGS['covers-pool'], ...occupant }, 'platform'), words)
  t.match(
    findingWords({ ...FINDINGS['shares-with'], use: 'provider' }, 'platform'),
    'Or put 10.9.8.7..10.9.8.23 into spec.excludeIps of Vpc foreign-object first.'
  )
})

await test('findingWords() tells what a write of a pool does to Services, and how many', async t => {
  const words = (because: 'addresses' | 'avoidBuggyIPs' | 'serviceAllocation') =>
    findingWords({ ...FINDINGS['in-use'], because }, 'platform')
  t.match(
    findingWords(FINDINGS['in-use'], 'platform'),
    'is a pool with addresses in use: MetalLB would take them from Vpc foreign-object (10.9.8.7) and 16 more. Keep the pool, or'
  )
  t.match(words('addresses'), 'gives up addresses in use')
  t.match(words('avoidBuggyIPs'), 'that end in .0 or .255')
  t.match(words('serviceAllocation'), 'shuts out Services')
})

/** What is worded otherwise by something else than the audience. */
const VARIANTS: readonly Finding[] = [
  { ...FINDINGS['ignored-v6'], isAlone: false },
  { ...FINDINGS['excluded-address'], atMost: 'warn' },
  { ...FINDINGS['excluded-address'], isReused: false },
  { ...FINDINGS['ipv6-subnet'], isStuck: false },
  { ...FINDINGS['named-like-pod'], namespace: undefined },
  { ...FINDINGS['address-in-use'], nearest: undefined },
  { ...FINDINGS['foreign-eip'], owner: '' },
  { ...FINDINGS['changed-eip'], was: '' },
  { ...FINDINGS['shares-key'], isOwn: true },
  { ...FINDINGS['port-denied'], as: 'nodePort' },
  { ...FINDINGS['port-denied'], denied: { first: 20, last: 22 } },
  { ...FINDINGS['external-ip-taken'], use: 'vlan', note: '10.9.0.0/24' },
  { ...FINDINGS['external-ip-taken'], use: 'subnet-itself', note: 'the gateway address of 10.0.0.0/24' },
  { ...FINDINGS['external-ip-taken'], use: 'node' },
  { ...FINDINGS['source-ranges-missing'], family: 6 },
  { ...FINDINGS['source-ranges-missing'], isAnnotated: true },
  { ...FINDINGS['pools-exhausted'], family: undefined },
  { ...FINDINGS['subnet-not-granted'], granted: [] }
]

await test('findingWords() has a sentence for each variant', async t => {
  const sentences = [...Object.values(FINDINGS), ...VARIANTS].map(finding =>
    findingWords(finding, 'platform')
  )
  t.equal(new Set(sentences).size, sentences.length)
  for (const words of sentences) t.match(words, /^spec\.field written [a-z].*[.?]$/)
})

await test('findingWords() tells the platform the other object, the exact range and the way out', async t => {
  t.match(
    findingWords(FINDINGS['shares-with'], 'platform'),
    'shares 17 addresses with Vpc foreign-object: 10.9.8.7-10.9.8.23. Nearest free range of the same size: 10.9.8.7-10.9.8.23.'
  )
  t.match(
    findingWords(FINDINGS['multi-dgp'], 'platform'),
    'the router of Vpc foreign-object gateway ports on foreign-a and foreign-b'
  )
  t.match(
    findingWords(FINDINGS.reserved, 'platform'),
    'reserved in the plan for foreign-purpose as foreign-range (owner: foreign-owner)'
  )
  t.match(
    findingWords({ ...FINDINGS['node-in-pool'], holds: 'pod-range' }, 'platform'),
    'shares 17 addresses with Vpc foreign-object: 10.9.8.7-10.9.8.23. '
  )
})

await test('findingWords() fits what is only ever warned of into a warning of the API server', async t => {
  const ports = FINDINGS['several-ports']
  const unmet = [
    { by: 'version', version: 'v1.14.10' },
    { by: 'gateway-nodes', nodes: undefined },
    { by: 'gateway-nodes', nodes: 0 },
    { by: 'gateway-nodes', nodes: 12 }
  ] as const
  const findings: readonly Finding[] = [
    { ...ports, field: 'spec.extraExternalSubnets[1]' },
    { ...ports, field: 'spec.bfdPort.enabled', value: 'true', bfdPort: true },
    ...unmet.map(why => ({
      ...FINDINGS['not-fixed'],
      field: 'spec.extraExternalSubnets[1]',
      value: 'acme-ext',
      unmet: why
    })),
    { ...FINDINGS.unrouted, field: 'spec.extraExternalSubnets[1]', value: 'acme-ext' }
  ]
  for (const finding of findings) {
    const words = `${findingWords(finding, 'platform')} [subnet-unrouted]`
    t.ok(words.length <= 256, `${words.length} characters: ${words}`)
  }
})
