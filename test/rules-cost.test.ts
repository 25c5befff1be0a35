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
  globalPool: {ipAddressPool: default-pool}
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

/** An object of MetalLB's, in its namespace. */
function inMetalLB(kind: KindName, name: string, spec: object): Json {
  return object(kind, { name, namespace: 'kmetal-metallb' }, { spec })
}

/** A selector that matches one of 10,000 pools or nodes. */
function numbered(i: number): object {
  return { matchLabels: { number: String(i), all: 'yes' } }
}

function numberLabels(i: number): object {
  return { number: String(i), all: 'yes' }
}

const MANY = 10_000

await test('an advertisement that names 10,000 pools and selects 10,000 others, all of them twice over', async t => {
  const existing = count(MANY, i => pool(`p${i}`, { addresses: [`${address(i)}/32`] }, numberLabels(i)))
  const twice = count(2 * MANY, i => i % MANY)
  const spec = { ipAddressPools: twice.map(i => `x${i}`), ipAddressPoolSelectors: twice.map(numbered) }
  const advertisement = inMetalLB('L2Advertisement', 'a', spec)
  const denied = measured(t, { existing, object: advertisement })
  t.equal(findingsOf(denied, 'advertisement-syntax').length, 2 * MANY)
  withinBudget(t, denied, 1_200)
})

await test('an advertisement with 10,000 selectors that match nothing', async t => {
  const existing = [
    ...count(MANY, i => pool(`p${i}`, { addresses: [`${address(i)}/32`] }, numberLabels(i))),
    ...count(MANY, i => object('Node', { name: `n${i}`, labels: numberLabels(i) }, {}))
  ]
  const selectors = count(MANY, i => ({ matchLabels: { all: 'yes', number: `x${i}` } }))
  const spec = { ipAddressPoolSelectors: selectors, nodeSelectors: selectors }
  const warned = measured(t, { existing, object: inMetalLB('BGPAdvertisement', 'a', spec) })
  t.equal(findingsOf(warned, 'advertisement-selects-nothing').length, 2 * MANY)
  withinBudget(t, warned, 700)
})

await test('a BGPAdvertisement of 10,000 pools, peers and communities beside 1,000 others', async t => {
  const peers = count(MANY, i => `r${i}`)
  const others = count(1_000, i =>
    inMetalLB('BGPAdvertisement', `b${i}`, { ipAddressPools: [`p${i}`], localPref: i + 1 })
  )
  const existing = [
    ...count(MANY, i => pool(`p${i}`, { addresses: [`${address(i)}/32`] })),
    ...others,
    object('Node', { name: 'n' }, {})
  ]
  const spec = {
    ipAddressPools: count(MANY, i => `p${i}`),
    aggregationLength: 24,
    peers,
    communities: count(MANY, i => `64512:${i}`)
  }
  const denied = measured(t, { existing, object: inMetalLB('BGPAdvertisement', 'a', spec) })
  t.equal(findingsOf(denied, 'advertisement-syntax').length, MANY, 'each pool is too small')
  t.equal(findingsOf(denied, 'advertisement-selects-nothing').length, MANY, 'no peer exists')
  withinBudget(t, denied, 1_200)
  const alike = { ...spec, aggregationLength: 32 }
  const conflicting = measured(t, { existing, object: inMetalLB('BGPAdvertisement', 'a', alike) })
  t.equal(findingsOf(conflicting, 'advertisement-syntax').length, 1_000, 'each other one has a localPref')
  withinBudget(t, conflicting, 1_200)
})

await test('a pool of 10,000 entries that 1,000 BGPAdvertisements aggregate', async t => {
  const existing = count(1_000, i =>
    inMetalLB('BGPAdvertisement', `b${i}`, { aggregationLength: 24 + (i % 8) })
  )
  const addresses = count(MANY, i => `${address(2 * i)}/32`)
  const denied = measured(t, { existing, object: pool('many', { addresses }) })
  t.equal(findingsOf(denied, 'advertisement-syntax').length, MANY)
  withinBudget(t, denied, 700)
})

await test('a Community of 10,000 names that another one defines', async t => {
  const communities = count(MANY, i => ({ name: `c${i}`, value: `64512:${i}` }))
  const other = inMetalLB('Community', 'other', { communities })
  const denied = measured(t, { existing: [other], object: inMetalLB('Community', 'c', { communities }) })
  t.equal(findingsOf(denied, 'advertisement-syntax').length, MANY)
  withinBudget(t, denied, 150)
})

await test('a BGPPeer beside 10,000 others with other router IDs', async t => {
  const spec = { myASN: 64512, peerASN: 64513, peerAddress: '10.0.0.1' }
  const existing = [
    object('Node', { name: 'n' }, {}),
    ...count(MANY, i =>
      inMetalLB('BGPPeer', `r${i}`, { ...spec, peerAddress: address(i + 2), routerID: address(i) })
    )
  ]
  const warned = measured(t, { existing, object: inMetalLB('BGPPeer', 'new', spec) })
  t.equal(findingsOf(warned, 'advertisement-syntax').length, 16)
  withinBudget(t, warned, 60)
})

await test('a pool that names 10,000 namespaces twice and as many selectors', async t => {
  const twice = count(2 * MANY, i => i % MANY)
  const serviceAllocation = {
    namespaces: twice.map(i => `ns-${i}`),
    serviceSelectors: twice.map(numbered)
  }
  const denied = measured(t, {
    existing: [],
    object: pool('many', { addresses: ['10.0.9.0/24'], serviceAllocation })
  })
  t.equal(findingsOf(denied, 'pool-syntax').length, 2 * MANY)
  withinBudget(t, denied, 500)
})
