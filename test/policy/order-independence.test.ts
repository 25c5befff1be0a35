import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { stringify } from 'yaml'
import { createAnswerReview } from '../../src/admission/answer-review.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { PolicyFile } from '../../src/policy/policy-set.ts'
import { creation } from '../admission/creation.ts'

const API = { apiVersion: 'poolguard.io/v1alpha1' }
const until = { owner: 'o', expires: '2027-01-31' }

const DOCUMENTS: readonly object[] = [
  {
    ...API,
    kind: 'NetworkPlan',
    metadata: { name: 'dc1' },
    spec: {
      nodeSubnets: [{ cidr: '192.168.1.0/24', gateway: '192.168.1.1' }],
      reservedRanges: [{ range: '192.168.1.2-192.168.1.99' }],
      globalPool: { ipAddressPool: 'default-pool' }
    }
  },
  policy('a', { services: { quota: { loadBalancers: 0 }, allowedTypes: ['ClusterIP', 'LoadBalancer'] } }),
  policy('b', { services: { quota: { loadBalancers: 0 }, ports: { denied: ['22'] } } }),
  policy('c', {
    appliesTo: { tenants: ['acme'] },
    actions: { 'service-port': 'warn', 'service-type': 'audit', 'pool-reserved-range': 'deny' },
    pools: { allowed: ['default-pool'] }
  }),
  policy('d', {
    exemptions: [
      { rules: ['pool-reserved-range'], users: ['alice'], reason: 'one', ...until },
      { rules: ['pool-reserved-range'], groups: ['lab'], reason: 'two', ...until }
    ]
  }),
  policy('e', {
    exemptions: [{ rules: ['pool-reserved-range'], users: ['alice'], reason: 'other', ...until }]
  }),
  policy('e', {
    actions: { 'pool-outside-node-subnet': 'warn' },
    pools: { allowed: ['default-pool', 'more'] }
  }),
  // Passed over wherever it stands.
  { ...API, kind: 'PolicyTest', metadata: { name: 't' }, spec: { cases: [] } }
]

function policy(name: string, spec: object): object {
  return { ...API, kind: 'ExposurePolicy', metadata: { name }, spec }
}

const service = (namespace: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace },
  spec
})
const pool = (...addresses: readonly string[]) => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'p', namespace: 'kmetal-metallb' },
  spec: { addresses }
})

const OBJECTS = [
  service('acme', { type: 'LoadBalancer', ports: [{ port: 22 }] }),
  service('beta', { type: 'LoadBalancer', ports: [{ port: 22 }] }),
  service('acme', { type: 'NodePort', ports: [{ port: 80 }] }),
  service('beta', { type: 'NodePort', ports: [{ port: 80 }] }),
  pool('192.168.1.90-192.168.1.110'),
  pool('10.0.0.0/24', '192.168.1.50')
]

const REVIEWS = OBJECTS.flatMap(object =>
  [
    { username: 'alice', groups: ['lab'] },
    { username: 'bob', groups: ['lab'] },
    { username: 'carol', groups: [] }
  ].map(user => creation(object, user))
)

function inventory(): Inventory {
  const held = new Inventory()
  held.setAllKnown()
  for (const name of ['acme', 'beta'])
    held.putJson('Namespace', { metadata: { name, labels: { tenant: name } } })
  held.putJson('Namespace', { metadata: { name: 'kmetal-metallb' } })
  held.putJson('L2Advertisement', { metadata: { name: 'l2', namespace: 'kmetal-metallb' }, spec: {} })
  held.putJson('IPAddressPool', {
    metadata: { name: 'default-pool', namespace: 'kmetal-metallb' },
    spec: { addresses: ['192.168.1.200-192.168.1.210'] }
  })
  return held
}

const VIEW = inventory()

/** All answers of these files, as they would be sent. */
async function answers(files: readonly PolicyFile[]): Promise<string> {
  const snapshot = snapshotOf(files)
  const answer = createAnswerReview({
    snapshot: () => snapshot,
    view: VIEW,
    confirm: async () => [],
    now: () => 0
  })
  const bodies: unknown[] = []
  for (const review of REVIEWS) {
    for (const path of ['validate', 'mutate'] as const)
      bodies.push((await answer(review, { path, onFault: 'fail' })).body)
  }
  return `${snapshot.digest}\n${JSON.stringify(bodies)}`
}

/** The keys of every mapping in another order. */
function rekeyed(value: unknown, order: (keys: readonly string[]) => readonly string[]): unknown {
  if (Array.isArray(value)) return value.map(one => rekeyed(one, order))
  if (typeof value !== 'object' || value === null) return value
  const entries = new Map(Object.entries(value))
  return Object.fromEntries(order([...entries.keys()]).map(key => [key, rekeyed(entries.get(key), order)]))
}

const layouts = fc.record({
  order: fc.shuffledSubarray([...DOCUMENTS.keys()], { minLength: DOCUMENTS.length }),
  /** The file of each document, and that files' names say nothing about their order. */
  files: fc.array(fc.nat(3), { minLength: DOCUMENTS.length, maxLength: DOCUMENTS.length }),
  names: fc.shuffledSubarray(['a.yaml', 'b.yml', 'z.yaml', '0.yaml'], { minLength: 4 }),
  reversed: fc.boolean(),
  json: fc.boolean(),
  comment: fc.constantFrom('', '# a comment\n', '\n\n#\n')
})

await test('any order and split over files gives byte-identical answers and the same digest', async t => {
  const text = (document: unknown) => stringify(document)
  const expected = await answers([{ path: 'all.yaml', text: DOCUMENTS.map(text).join('---\n') }])
  t.match(expected, /^sha256:[0-9a-f]{64}\n/)
  for (const word of ['service-quota', 'service-type', 'exempted', 'audited', '"warnings"', '"patch"'])
    t.match(expected, word)
  await fc.assert(
    fc.asyncProperty(layouts, async ({ order, files, names, reversed, json, comment }) => {
      const texts = new Map<string, string[]>()
      for (const [at, index] of order.entries()) {
        const keys = (all: readonly string[]) => (reversed ? all.toReversed() : all)
        const document = rekeyed(DOCUMENTS[index], keys)
        const name = names[files[at] ?? 0] ?? 'a.yaml'
        const one = comment + (json ? `${JSON.stringify(document)}\n` : text(document))
        texts.set(name, [...(texts.get(name) ?? []), one])
      }
      const split = [...texts].map(([path, parts]) => ({ path, text: parts.join('---\n') }))
      assert.equal(await answers(split), expected)
    }),
    { numRuns: 150 }
  )
})

await test('the digest tells sets apart that differ in one word, key or document', t => {
  const digest = (documents: readonly object[]) =>
    snapshotOf([{ path: 'all.yaml', text: documents.map(one => stringify(one)).join('---\n') }]).digest
  const [plan = {}, ...others] = DOCUMENTS.slice(0, 4)
  const sets = [
    [plan, ...others],
    [plan],
    [plan, ...others, policy('x', {})],
    [plan, ...others, policy('y', {})],
    [plan, policy('x', { actions: { 'pool-overlap': 'warn' } })],
    [plan, policy('x', { actions: { 'pool-overlap': 'deny' } })],
    [plan, policy('x', { actions: { 'pool-overlap': 'deny', 'pool-unusable': 'deny' } })],
    [plan, policy('x', { pools: { allowed: ['default-pool', 'b'] } })],
    [plan, policy('x', { pools: { allowed: ['b', 'default-pool'] } })]
  ]
  t.equal(new Set(sets.map(digest)).size, sets.length)
  t.end()
})
