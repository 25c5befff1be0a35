import { test } from 'tap'
import { findingWords } from '../../src/admission/wording/finding.ts'
import type { AddressRange } from '../../src/address/range.ts'
import type { Finding, FindingCode } from '../../src/rules/finding.ts'

const RANGE: AddressRange = { family: 4, first: 0x0a090807n, last: 0x0a090817n }
const OTHER = { kind: 'Vpc', namespace: '', name: 'foreign-object' }
const ALTERNATIVE = { nearest: RANGE, largestPart: RANGE, largestFree: RANGE }
const AT = { field: 'spec.field', value: 'written', restsOn: [OTHER] }

/** What the user wrote himself. */
const WRITTEN = { kind: 'Subnet', namespace: '', name: 'written' }

/** One finding of every code, foreign facts written as `foreign-...` or as 10.9.8.7. */
const FINDINGS: { readonly [C in FindingCode]: Extract<Finding, { code: C }> } = {
  'unparsable-range': { ...AT, code: 'unparsable-range', problem: { problem: 'empty' } },
  'no-addresses': { ...AT, code: 'no-addresses' },
  'shares-with': { ...AT, ...ALTERNATIVE, code: 'shares-with', range: RANGE, other: OTHER },
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
  'wrong-namespace': { ...AT, code: 'wrong-namespace', expected: 'metallb-system' },
  'dedicated-pool': { ...AT, code: 'dedicated-pool', tenant: 'acme', globalPool: 'default-pool' },
  'unknown-pool': { ...AT, code: 'unknown-pool', near: undefined },
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
  'shares-key': { ...AT, code: 'shares-key', other: OTHER, others: 2 },
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
  'multi-dgp': {
    ...AT,
    code: 'multi-dgp',
    vpc: OTHER,
    subnet: 'written',
    subnets: ['foreign-a', 'foreign-b']
  },
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
      t.match(words, /^spec\.field written [a-z].*\.$/, finding.code)
      t.notMatch(words, /\n|undefined|\[object/, finding.code)
    }
  }
})

await test('findingWords() tells a tenant nothing about others', async t => {
  for (const finding of Object.values(FINDINGS).filter(({ code }) => !PLATFORM_ONLY.includes(code))) {
    const own = finding.code === 'repeats-itself' ? /foreign/ : /foreign|10\.9\.8|\b17 addresses/
    t.notMatch(findingWords(finding, 'tenant'), own, finding.code)
  }
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
  { ...FINDINGS['changed-eip'], was: '' }
]

await test('findingWords() has a sentence for each variant', async t => {
  const sentences = [...Object.values(FINDINGS), ...VARIANTS].map(finding =>
    findingWords(finding, 'platform')
  )
  t.equal(new Set(sentences).size, sentences.length)
  for (const words of sentences) t.match(words, /^spec\.field written [a-z].*\.$/)
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
})
