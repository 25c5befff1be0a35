import { test } from 'tap'
import { findingWords } from '../../src/admission/wording/finding.ts'
import type { AddressRange } from '../../src/address/range.ts'
import type { Finding, FindingCode } from '../../src/rules/finding.ts'

const RANGE: AddressRange = { family: 4, first: 0x0a090807n, last: 0x0a090817n }
const OTHER = { kind: 'Vpc', namespace: '', name: 'foreign-object' }
const ALTERNATIVE = { nearest: RANGE, largestPart: RANGE, largestFree: RANGE }
const AT = { field: 'spec.field', value: 'written', restsOn: [OTHER] }

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
  }
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
