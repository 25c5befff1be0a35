import { test, type Test } from 'tap'
import { changeOf } from '../src/admission/change.ts'
import { ruleContext } from '../src/admission/judge.ts'
import { admissionReview, rawObject } from '../src/admission/raw-object.ts'
import { parseReview } from '../src/admission/review.ts'
import { loadPolicies } from '../src/cli/policies.ts'
import { formatAddress } from '../src/address/format.ts'
import { Inventory } from '../src/inventory/inventory.ts'
import { isKindName, KINDS, type KindName } from '../src/kinds/index.ts'
import { evaluate, type Evaluation } from '../src/rules/evaluate.ts'

/**
 * CPU time of the rules on inputs that whoever may write the object can make as large as this (etcd takes 1.5 MiB). Each
 * bound is at most a tenth of what a quadratic rule needs here, and several times what these need.
 */
const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: cost}
spec:
  nodeSubnets: [10.0.0.0/16]
  metallb: {namespace: kmetal-metallb}
  globalPool: {ipAddressPool: default-pool, externalSubnets: [external]}
`

type Json = Record<string, unknown>

function object(kind: KindName, metadata: object, rest: object): Json {
  const { group, versions } = KINDS[kind]
  return { apiVersion: group === '' ? versions[0] : `${group}/${versions[0]}`, kind, metadata, ...rest }
}

function count<T>(n: number, each: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => each(i))
}

/** Address number `i` after the first of 10.0.0.0/8. */
function address(i: number): string {
  return formatAddress(4, 0x0a000000n + BigInt(i))
}

function pool(name: string, spec: object, labels: object = {}): Json {
  return object('IPAddressPool', { name, namespace: 'kmetal-metallb', labels }, { spec })
}

interface Case {
  readonly existing: readonly Json[]
  readonly object: Json
  readonly oldObject?: Json
  readonly user?: string
}

interface Measured extends Evaluation {
  readonly cpuMs: number
}

/** What the rules say about the write, and the CPU time they took for it. */
function measured(t: Test, { existing, object: written, oldObject, user }: Case): Measured {
  const snapshot = loadPolicies([`${t.testdir({ 'plan.yaml': PLAN })}/plan.yaml`])
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const json of existing) {
    const kind = rawObject(json)?.ref.kind ?? ''
    if (isKindName(kind)) inventory.putJson(kind, json)
  }
  const body = admissionReview({
    uid: 'u',
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    subResource: '',
    dryRun: false,
    user: { username: user ?? 'admin', groups: user === undefined ? ['system:masters'] : [] },
    object: rawObject(written),
    oldObject: rawObject(oldObject)
  })
  const parsed = parseReview(body)
  if (!parsed.ok || parsed.review.kind === undefined) throw new Error('no review')
  const decoded = changeOf({ ...parsed.review, kind: parsed.review.kind })
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.errors))
  const context = ruleContext(parsed.review, decoded.change, snapshot, { view: inventory })
  const judge = () => evaluate(decoded.change, snapshot.rules, context)
  const first = timed(judge)
  // What is over at once is asked again: the first time is the compiler's.
  const again = first.cpuMs < 100 ? [timed(judge), timed(judge)] : []
  return { ...first, cpuMs: Math.min(first.cpuMs, ...again.map(({ cpuMs }) => cpuMs)) }
}

function timed(judge: () => Evaluation): Measured {
  const before = process.cpuUsage()
  const evaluation = judge()
  const { user, system } = process.cpuUsage(before)
  return { ...evaluation, cpuMs: (user + system) / 1_000 }
}

function withinBudget(t: Test, { cpuMs }: Measured, budgetMs: number): void {
  t.comment(`${cpuMs.toFixed(0)} ms of ${budgetMs} ms`)
  t.ok(cpuMs < budgetMs, `${cpuMs.toFixed(0)} ms`)
}

function findingsOf({ findings }: Evaluation, id: string) {
  return findings.filter(({ rule }) => rule.id === id).map(({ finding }) => finding)
}

await test('an update of a pool that violates a rule with 4,000 entries', async t => {
  const addresses = count(4_000, i => `127.${i >> 8}.${i & 255}.1/32`)
  const oldObject = pool('many', { addresses })
  const relabelled = pool('many', { addresses }, { a: 'b' })
  const more = pool('many', { addresses: [...addresses, '127.99.0.0/31'] })
  const unchanged = measured(t, { existing: [oldObject], object: relabelled, oldObject })
  t.same(unchanged.findings, [])
  withinBudget(t, unchanged, 1_000)
  const grown = measured(t, { existing: [oldObject], object: more, oldObject })
  t.match(findingsOf(grown, 'pool-reserved-range'), [{ field: 'spec.addresses[4000]' }])
  withinBudget(t, grown, 1_000)
})

await test('an update that replaces 2,000 entries by as many that hold all of them', async t => {
  const oldObject = pool('many', { addresses: count(2_000, i => `127.${i >> 8}.${i & 255}.1/32`) })
  const wider = pool('many', { addresses: count(2_000, () => '127.0.0.0/8') })
  const replaced = measured(t, { existing: [oldObject], object: wider, oldObject })
  t.equal(findingsOf(replaced, 'pool-reserved-range').length, 2_000 * 16, 'of each entry the first 16 parts')
  withinBudget(t, replaced, 4_000)
})

await test('an update of a pool with 20,000 entries outside the node subnets', async t => {
  const addresses = count(20_000, i => `11.${i >> 8}.${i & 255}.1/32`)
  const oldObject = pool('many', { addresses })
  const more = pool('many', { addresses: [...addresses, '11.200.0.0/24'] })
  const grown = measured(t, { existing: [oldObject], object: more, oldObject })
  t.match(findingsOf(grown, 'pool-outside-node-subnet'), [{ value: '11.200.0.0/24' }])
  withinBudget(t, grown, 1_800)
})

await test('a proposal among 4,000 pools and 4,000 nodes that leave no room between them', async t => {
  const existing = [
    pool('many', { addresses: count(4_000, i => `${address(4 * i)}/32`) }),
    ...count(4_000, i =>
      object(
        'Node',
        { name: `n${i}` },
        { status: { addresses: [{ type: 'InternalIP', address: address(4 * i + 2) }] } }
      )
    )
  ]
  const denied = measured(t, { existing, object: pool('new', { addresses: ['10.0.0.0-10.0.0.1'] }) })
  const [finding] = findingsOf(denied, 'pool-overlap')
  t.match(finding, { nearest: { first: 0x0a000000n + 15_999n, last: 0x0a000000n + 16_000n } })
  withinBudget(t, denied, 800)
})

await test('an advertisement of 20,000 pools that do not exist', async t => {
  const existing = count(2_000, i => pool(`pool-${i}`, { addresses: [`${address(i)}/32`] }))
  const names = count(20_000, i => `pool-${i}x`)
  const advertisement = object(
    'BGPAdvertisement',
    { name: 'a', namespace: 'kmetal-metallb' },
    { spec: { ipAddressPools: names } }
  )
  const warned = measured(t, { existing, object: advertisement })
  const findings = findingsOf(warned, 'advertisement-unknown-pool')
  t.equal(findings.length, names.length, 'all are told of')
  t.match(findings[15], { near: 'pool-15' })
  t.match(findings[16], { near: undefined })
  withinBudget(t, warned, 550)
})

await test("a tenant's Service that asks for 35,000 addresses, which is all that fits in its annotations", async t => {
  const existing = [
    object('Namespace', { name: 'acme', labels: { tenant: 'acme' } }, {}),
    pool('platform-pool', { addresses: ['::/64'] })
  ]
  const addresses = count(35_000, i => `::${i.toString(16)}`)
  const annotations = { 'metallb.io/loadBalancerIPs': addresses.join(',') }
  const service = object(
    'Service',
    { name: 's', namespace: 'acme', annotations },
    { spec: { type: 'LoadBalancer' } }
  )
  const denied = measured(t, { existing, object: service, user: 'acme' })
  t.equal(findingsOf(denied, 'service-pool-not-granted').length, 16)
  withinBudget(t, denied, 30)
})

await test("a pool that names a tenant's namespaces thousands of times over", async t => {
  const namespaces = count(4_000, i => `acme-${i % 2_000}`)
  const existing = namespaces.map(name => object('Namespace', { name, labels: { tenant: 'acme' } }, {}))
  const spec = { addresses: ['10.0.9.0/24'], serviceAllocation: { namespaces } }
  const denied = measured(t, { existing, object: pool('acme', spec) })
  const findings = findingsOf(denied, 'pool-per-tenant')
  t.equal(findings.length, 2_000, 'each namespace once')
  const [rests, ...others] = new Set(findings.map(({ restsOn }) => restsOn))
  t.equal(rests?.length, 2_000)
  t.equal(others.length, 0, 'one array for all')
  withinBudget(t, denied, 500)
})

const EXTERNAL = object(
  'Subnet',
  { name: 'external' },
  { spec: { cidrBlock: '10.0.0.0/16', gateway: '10.0.255.254', vlan: 'v' } }
)

/** Vpcs that each attach a Subnet of their own, so that there are as many address domains. */
function attached(n: number): Json[] {
  return count(n, i => [
    object('Vpc', { name: `v${i}` }, { spec: { enableExternal: true, extraExternalSubnets: [`s${i}`] } }),
    object('Subnet', { name: `s${i}` }, { spec: { cidrBlock: `11.${i >> 8}.${i & 255}.0/24`, vlan: 'v' } })
  ]).flat()
}

function eip(name: string, spec: object, status: object = {}): Json {
  return object('OvnEip', { name }, { spec: { externalSubnet: 'external', ...spec }, status })
}

await test('an OvnEip beside 10,000 others, 10,000 Pods and 300 provider Subnets', async t => {
  const existing = [
    EXTERNAL,
    ...attached(300),
    ...count(10_000, i => eip(`e${i}`, { v4Ip: address(i + 1) }, { v4Ip: address(i + 1) })),
    ...count(10_000, i =>
      object('IP', { name: `p${i}.ns` }, { spec: { subnet: 'external', v4IpAddress: address(i + 20_000) } })
    )
  ]
  const fixed = measured(t, { existing, object: eip('new', { v4Ip: address(5_001) }) })
  t.match(findingsOf(fixed, 'eip-address-in-use'), [{ nearest: { first: 0x0a000000n + 10_001n } }])
  withinBudget(t, fixed, 40)
  const any = measured(t, { existing, object: eip('new', {}) })
  t.same(findingsOf(any, 'subnet-pool-exhausted'), [])
  withinBudget(t, any, 40)
})

await test('an egress gateway that asks for 20,000 addresses beside 300 provider Subnets', async t => {
  const externalIPs = count(20_000, i => address(i + 1))
  const gateway = object(
    'VpcEgressGateway',
    { name: 'g', namespace: 'infra' },
    { spec: { externalSubnet: 'external', replicas: 1, externalIPs } }
  )
  const held = count(100, i => eip(`e${i}`, { v4Ip: address(i + 1) }))
  const existing = [EXTERNAL, object('Namespace', { name: 'infra' }, {}), ...attached(300), ...held]
  const denied = measured(t, { existing, object: gateway })
  t.equal(findingsOf(denied, 'eip-address-in-use').length, 100)
  withinBudget(t, denied, 1_000)
})

await test('an egress gateway in a Subnet with 20,000 holders', async t => {
  const existing = [
    object(
      'Subnet',
      { name: 'external' },
      { spec: { cidrBlock: '10.0.0.0/17', gateway: '10.0.127.254', vlan: 'v' } }
    ),
    object('Namespace', { name: 'infra' }, {}),
    object(
      'IPPool',
      { name: 'p' },
      { spec: { subnet: 'external', ips: count(20_000, i => address(i + 12_770)) } }
    ),
    ...count(20_000, i => eip(`e${i}`, { v4Ip: address(i + 1) }))
  ]
  const spec = { externalSubnet: 'external', replicas: 10 }
  const gateway = object('VpcEgressGateway', { name: 'g', namespace: 'infra' }, { spec })
  const denied = measured(t, { existing, object: gateway })
  t.match(findingsOf(denied, 'egress-gateway-address'), [{ free: 0 }])
  withinBudget(t, denied, 200)
  const exhausted = measured(t, { existing, object: eip('new', {}) })
  t.equal(findingsOf(exhausted, 'subnet-pool-exhausted').length, 1)
  withinBudget(t, exhausted, 200)
})

await test('an IPPool of 20,000 addresses, of a Subnet that excludes as many', async t => {
  const excludeIps = count(20_000, i => address(i + 1))
  const spec = { cidrBlock: '10.0.0.0/16', gateway: '10.0.255.254', vlan: 'v', excludeIps }
  const subnet = object('Subnet', { name: 'external' }, { spec })
  const attach = { enableExternal: true, extraExternalSubnets: ['external'] }
  const existing = [subnet, object('Vpc', { name: 'v' }, { spec: attach })]
  const kept = object('IPPool', { name: 'p' }, { spec: { subnet: 'external', ips: count(20_000, address) } })
  const warned = measured(t, { existing, object: kept })
  t.equal(findingsOf(warned, 'eip-reserved-address').length, 1)
  withinBudget(t, warned, 200)
})

await test("a NAT rule on an OvnEip whose name and Vpc's namespaces are as many as can be", async t => {
  const name = count(100, () => 'a').join('-')
  const namespaces = count(10_000, i => `n${i}`)
  const existing = [
    EXTERNAL,
    object('OvnEip', { name }, { spec: { externalSubnet: 'external', type: 'lrp' } }),
    object('Subnet', { name: count(50, () => 'a').join('-') }, { spec: {} }),
    object('Vpc', { name: count(50, () => 'a').join('-') }, { spec: { namespaces } }),
    ...namespaces.map(namespace => object('Namespace', { name: namespace, labels: { tenant: 'acme' } }, {}))
  ]
  const denied = measured(t, {
    existing,
    object: object('OvnFip', { name: 'f' }, { spec: { ovnEip: name } }),
    user: 'x'
  })
  t.match(findingsOf(denied, 'nat-foreign-eip'), [{ owner: 'acme' }])
  withinBudget(t, denied, 50)
})

await test('an address that 10,000 SwitchLBRules have, beside 300 Subnets', async t => {
  const existing = [
    EXTERNAL,
    ...attached(300),
    object('Subnet', { name: 'inside' }, { spec: { cidrBlock: '10.0.0.0/16', vpc: 'v' } }),
    ...count(10_000, i => object('SwitchLBRule', { name: `r${i}` }, { spec: { vip: address(9) } }))
  ]
  const allowed = measured(t, { existing, object: eip('new', { v4Ip: address(9) }) })
  t.same(findingsOf(allowed, 'eip-address-in-use'), [], 'they may mean the overlay Subnet')
  withinBudget(t, allowed, 150)
})
