import { test } from 'tap'
import { auditObjects } from '../../src/admission/audit-run.ts'
import { createAnswerReview } from '../../src/admission/answer-review.ts'
import { policyDoubts } from '../../src/admission/policy-doubts.ts'
import { registration } from '../../src/admission/registration.ts'
import { policyDoubtWords } from '../../src/admission/wording/policy-doubt.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { RULES } from '../../src/rules/index.ts'
import { GROWS_WELL, pool, poolReview, reviewOf } from './reviews.ts'
import { isAllowed } from './promises.ts'
import { row } from './world.ts'

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
`

/** A plan for `count` tenants with a range each, and a policy a tenant whose grants overlap all others'. */
function policiesFor(count: number): string {
  const ranges = Array.from({ length: count }, (_, i) => {
    const range = `10.${i >> 8}.${i & 255}.0/24`
    return `  - {range: ${range}, purpose: "${'a'.repeat(50)}!", owner: n}`
  })
  const policies = Array.from(
    { length: count },
    (_, i) => `---
apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: p${i}}
spec:
  appliesTo: {tenants: [t${i}, t${i + 1}, shared]}
  pools: {allowed: [default-pool, pool-${i}]}
  services: {ports: {denied: ["${1 + (i % 60_000)}-65535"]}, externalIPs: {allowedRanges: [10.0.0.0/8]}}
`
  )
  return `${PLAN}spec:\n  reservedRanges:\n${ranges.join('\n')}\n${policies.join('')}`
}

function loadMs(count: number): number {
  const startedMs = performance.now()
  snapshotOf([{ path: 'many.yaml', text: policiesFor(count) }])
  return performance.now() - startedMs
}

await test(
  'row 56: many policies that overlap load in linear time, and cost a decision little',
  row({
    async inject(t, world) {
      loadMs(200)
      const [few, many] = [loadMs(250), loadMs(1_000)]
      t.ok(many < 10 * few, 'four times as many take about four times as long', { few, many })
      const snapshot = snapshotOf([{ path: 'many.yaml', text: policiesFor(1_000) }])
      const answer = createAnswerReview({ ...world.ports, snapshot: () => snapshot })
      const startedMs = performance.now()
      for (let i = 0; i < 20; i++) await answer(JSON.parse(GROWS_WELL), { path: 'validate', onFault: 'fail' })
      const eachMs = (performance.now() - startedMs) / 20
      t.ok(eachMs < 200, 'far from the deadline', { eachMs })
    }
  })
)

await test(
  'row 57: what violated before poolguard came is reported, and may be kept, mended and taken away',
  row({
    async inject(t, world) {
      const report = auditObjects({
        snapshot: world.ports.snapshot(),
        view: world.inventory,
        unreadable: [],
        placeOf: ref => ({ path: ref.name, position: () => ({ line: 0, column: 0 }) }),
        nowMs: Date.now()
      })
      const denied = report.objects.filter(({ verdict }) => verdict === 'denied').map(({ ref }) => ref.name)
      t.strictSame(denied, ['old-a', 'old-b'])
      const before = ['192.168.1.215-192.168.1.225']
      const update = (addresses: readonly string[]): string =>
        poolReview(
          { operation: 'UPDATE', oldObject: pool('old-b', before), object: pool('old-b', addresses) },
          'old-b'
        )
      t.ok(isAllowed((await world.ask(update(['192.168.1.221-192.168.1.225']))).body), 'mended')
      t.ok(isAllowed((await world.ask(update(['192.168.1.215-192.168.1.226']))).body), 'grown elsewhere')
      t.notOk(isAllowed((await world.ask(update(['192.168.1.212-192.168.1.225']))).body), 'not made worse')
    }
  })
)

await test(
  'row 58: policies that would lock everybody in or out are told of, and poolguard matches nothing of its own',
  row({
    async inject(t, world) {
      t.strictSame(policyDoubts(world.ports.snapshot()), [])
      const nobody = snapshotOf([
        { path: 'a.yaml', text: `${PLAN}spec: {platform: {users: [], groups: []}}\n` }
      ])
      const actions = RULES.map(({ id }) => `    ${id}: off`).join('\n')
      const off = `${PLAN}spec: {}\n---\napiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: x}\nspec:\n  actions:\n${actions}\n`
      const doubts = [...policyDoubts(nobody), ...policyDoubts(snapshotOf([{ path: 'b.yaml', text: off }]))]
      t.strictSame(doubts, ['nobody-is-platform', 'no-rules'])
      for (const doubt of doubts) t.match(policyDoubtWords(doubt), /: .+; /)
      const client = { service: { namespace: 'poolguard', name: 'poolguard', port: 443 } }
      const snapshot = world.ports.snapshot()
      const configurations = registration(snapshot.rules, snapshot.plan, {
        client,
        caBundle: undefined,
        pathSecret: undefined
      })
      const webhooks = configurations.flatMap(({ webhooks: some }) => (Array.isArray(some) ? some : []))
      t.ok(webhooks.length > 5)
      for (const webhook of webhooks.filter(isRecord)) {
        const rules = Array.isArray(webhook['rules']) ? webhook['rules'].filter(isRecord) : []
        const resources = rules
          .flatMap(one => (Array.isArray(one['resources']) ? one['resources'] : []))
          .join(' ')
        t.notMatch(resources, /\*|\b(pods|nodes|leases|secrets|configmaps|events|deployments)\b/)
        if (!/\b(services|namespaces)\b/.test(resources)) continue
        const selector = JSON.stringify(webhook['namespaceSelector'])
        t.match(
          selector,
          '"operator":"NotIn","values":["kube-system","poolguard"]',
          'its own, labelled or not'
        )
      }
    }
  })
)

const CONFIG_MAP = {
  kind: { group: '', version: 'v1', kind: 'ConfigMap' },
  resource: 'configmaps',
  name: 'x',
  namespace: 'poolguard'
}

await test(
  'row 59: kinds that nobody meant to ask about pass at once, counted, and without a question back',
  row({
    async inject(t, world) {
      const body = reviewOf({ operation: 'UPDATE', object: { data: {} }, oldObject: {} }, CONFIG_MAP)
      const calls = world.fake.of('object').length
      t.ok(isAllowed((await world.ask(body)).body))
      const answer = createAnswerReview(world.ports)
      const review: unknown = JSON.parse(body)
      const startedMs = performance.now()
      for (let i = 0; i < 500; i++) await answer(review, { path: 'validate', onFault: 'fail' })
      t.ok((performance.now() - startedMs) / 500 < 1, 'less than a millisecond each')
      t.equal(
        world.fake.of('object').length,
        calls,
        'poolguard asks the API server nothing, so it cannot ask itself'
      )
      t.equal(
        await world.metric('poolguard_decisions_total{kind="other",operation="UPDATE",verdict="allowed"'),
        1
      )
    }
  })
)

await test(
  'row 60: a namespace goes with all that is in it, without a call to the API server',
  row({
    async inject(t, world) {
      const metadata = { name: 'acme', labels: { tenant: 'acme' }, deletionTimestamp: '2026-11-25T00:00:00Z' }
      world.inventory.putJson('Namespace', { metadata })
      const calls = world.fake.of('object').length
      const answer = createAnswerReview(world.ports)
      const cleaner = 'system:serviceaccount:kube-system:namespace-controller'
      const startedMs = performance.now()
      let allowed = 0
      for (let i = 0; i < 5_000; i++) {
        const name = `svc-${i}`
        const object = {
          kind: 'Service',
          metadata: { name, namespace: 'acme', finalizers: ['service.kubernetes.io/load-balancer-cleanup'] },
          spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
          status: { loadBalancer: { ingress: [{ ip: '192.168.1.100' }] } }
        }
        const target = {
          kind: { group: '', version: 'v1', kind: 'Service' },
          resource: 'services',
          name,
          namespace: 'acme'
        }
        const bare = {
          ...object,
          metadata: { name, namespace: 'acme', deletionTimestamp: '2026-11-25T00:00:00Z' }
        }
        const body =
          i % 2 === 0
            ? reviewOf(
                { operation: 'DELETE', oldObject: object, user: i % 4 === 0 ? cleaner : 'alice', groups: [] },
                target
              )
            : reviewOf(
                { operation: 'UPDATE', oldObject: object, object: bare, user: 'alice', groups: [] },
                target
              )
        const answered = await answer(JSON.parse(body), { path: 'validate', onFault: 'fail' })
        const response = isRecord(answered.body) ? answered.body['response'] : undefined
        if (isRecord(response) && response['allowed'] === true) allowed++
      }
      t.equal(allowed, 5_000)
      t.equal(world.fake.of('object').length, calls)
      const tookMs = performance.now() - startedMs
      t.ok(tookMs < 5_000, 'a thousand a second', { tookMs })
    }
  })
)
