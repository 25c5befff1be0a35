import { test } from 'tap'
import { judge } from '../../src/admission/judge.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { validatingResponse } from '../../src/admission/response.ts'
import { parseReview, type Review } from '../../src/admission/review.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { isKindName } from '../../src/kinds/index.ts'
import { refKey, type ObjectRef } from '../../src/kinds/object-ref.ts'

/** Quotas while the watch lags: what is stored, and what poolguard has seen of it. */

type Json = Record<string, unknown>

function plan(limit: number, more: object = {}): string {
  const tenancy = {
    ovnEipOwners: [{ user: 'cpo', tenantFromLabel: 'tenant-of-eip' }],
    ...more
  }
  return `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: quotas}
spec:
  metallb: {namespace: kmetal-metallb}
  globalPool: {externalSubnets: [external], defaultExternalSubnet: external}
  tenancy: ${JSON.stringify(tenancy)}
---
apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: tenants}
spec:
  appliesTo: {tenants: ["*"]}
  services: {quota: {loadBalancers: ${limit}}}
  ovnEips: {quota: ${limit}}
`
}

function namespace(name: string, tenant: string): Json {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { tenant } } }
}

function service(name: string, inNamespace: string, type = 'LoadBalancer'): Json {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: inNamespace }, spec: { type } }
}

function eip(name: string): Json {
  const metadata = { name, labels: { 'tenant-of-eip': 'acme' } }
  return {
    apiVersion: 'kubeovn.io/v1',
    kind: 'OvnEip',
    metadata,
    spec: { externalSubnet: 'external', type: 'nat' }
  }
}

const SUBNET: Json = {
  apiVersion: 'kubeovn.io/v1',
  kind: 'Subnet',
  metadata: { name: 'external' },
  spec: { cidrBlock: '10.5.0.0/16', gateway: '10.5.255.254', vlan: 'v' }
}

function refOfJson(json: Json): ObjectRef {
  const ref = rawObject(json)?.ref
  if (ref === undefined) throw new Error('no object')
  return ref
}

/** A cluster: its storage, and an inventory that learns of it by live reads and by `deliver` alone. */
class Cluster {
  readonly stored = new Map<string, Json>()
  readonly view = new Inventory()
  /** The live reads of each write that asked for any. */
  readonly reads: string[][] = []
  isReadable = true
  private readonly snapshot: ReturnType<typeof loadPolicies>

  constructor(path: string, seen: readonly Json[]) {
    this.snapshot = loadPolicies([path])
    this.view.setAllKnown()
    for (const json of [SUBNET, ...seen]) {
      this.store(json)
      this.deliver(json)
    }
  }

  store(json: Json): void {
    this.stored.set(refKey(refOfJson(json)), json)
  }

  /** What a watch does. */
  deliver(json: Json): void {
    const kind = String(json['kind'])
    if (!isKindName(kind) || this.view.putJson(kind, json).length > 0) throw new Error(`bad ${kind}`)
  }

  /** Creates the object if it is let; the code of the answer. */
  async create(json: Json, user = 'alice', old?: Json): Promise<number> {
    const review = reviewOf(json, user, old)
    const asked: string[] = []
    const ports = {
      snapshot: () => this.snapshot,
      view: this.view,
      now: () => 0,
      confirm: async (refs: readonly ObjectRef[]) => {
        asked.push(...refs.map(refKey))
        if (!this.isReadable) return refs
        for (const ref of refs) this.read(ref)
        return []
      }
    }
    const response = validatingResponse(review, await judge(review, ports), 'fail')
    if (asked.length > 0) this.reads.push(asked)
    if (response.allowed) this.store(json)
    return response.status?.code ?? 200
  }

  private read({ kind, namespace: within, name }: ObjectRef): void {
    if (!isKindName(kind)) throw new Error(kind)
    const isMeant = (ref: ObjectRef) =>
      ref.kind === kind && [ref.namespace, ''].includes(within) && [ref.name, ''].includes(name)
    const there = [...this.stored.values()].filter(json => isMeant(refOfJson(json)))
    const keys = new Set(there.map(json => refKey(refOfJson(json))))
    for (const { meta } of this.view.list(kind)) {
      const ref = { kind, namespace: meta.namespace, name: meta.name }
      if (isMeant(ref) && !keys.has(refKey(ref))) this.view.delete(kind, ref.namespace, ref.name)
    }
    for (const json of there) this.deliver(json)
  }
}

function reviewOf(json: Json, username: string, old?: Json): Review {
  const body = admissionReview({
    uid: 'u',
    operation: old === undefined ? 'CREATE' : 'UPDATE',
    subResource: '',
    dryRun: false,
    user: { username, groups: [] },
    object: rawObject(json),
    oldObject: rawObject(old)
  })
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.review
}

/** Puts the writes one after the other; how many got each answer. */
async function inTurn(writes: readonly (() => Promise<number>)[]): Promise<Record<number, number>> {
  const codes: Record<number, number> = {}
  for (const write of writes) {
    const code = await write()
    codes[code] = (codes[code] ?? 0) + 1
  }
  return codes
}

function times<T>(n: number, each: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => each(i))
}

function clusterOf(
  t: { testdir(files: Record<string, string>): string },
  limit: number,
  seen: readonly Json[],
  more: object = {}
): Cluster {
  return new Cluster(`${t.testdir({ 'plan.yaml': plan(limit, more) })}/plan.yaml`, seen)
}

const ACME = namespace('acme', 'acme')

await test('of 50 creates in turn just as many as the quota are let, though no watch ever tells of any', async t => {
  const cluster = clusterOf(t, 5, [ACME])
  t.same(await inTurn(times(50, i => () => cluster.create(service(`s${i}`, 'acme')))), { 200: 5, 403: 45 })
  t.equal(cluster.reads.length, 50)
  t.same(cluster.reads[0], ['Service/acme/'], 'one list')
})

await test('so over several namespaces of a tenant, each of which is listed', async t => {
  const spaces = times(8, i => `acme-${i}`)
  const seen = [...spaces.map(name => namespace(name, 'acme')), namespace('beta', 'beta')]
  const cluster = clusterOf(t, 5, seen)
  const creates = times(50, i => () => cluster.create(service(`s${i}`, spaces[i % 8] ?? '')))
  t.same(await inTurn(creates), { 200: 5, 403: 45 })
  t.same(
    cluster.reads[0],
    spaces.map(name => `Service/${name}/`)
  )
})

await test('with more namespaces than are listed one by one, all Services are listed', async t => {
  const spaces = times(9, i => `acme-${i}`)
  const cluster = clusterOf(
    t,
    5,
    spaces.map(name => namespace(name, 'acme'))
  )
  const creates = times(50, i => () => cluster.create(service(`s${i}`, spaces[i % 9] ?? '')))
  t.same(await inTurn(creates), { 200: 5, 403: 45 })
  t.same(cluster.reads[0], ['Service//'])
})

await test("a tenant's Services in the platform's namespaces are found too", async t => {
  const serviceOwners = [{ user: 'gateway', tenantFromLabel: 'owning-tenant' }]
  const cluster = clusterOf(t, 5, [ACME, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gw' } }], {
    serviceOwners
  })
  const gateways = (i: number) => {
    const metadata = { name: `g${i}`, namespace: 'gw', labels: { 'owning-tenant': 'acme' } }
    return { ...service('', ''), metadata }
  }
  const creates = times(
    50,
    i => () =>
      i % 2 === 0 ? cluster.create(service(`s${i}`, 'acme')) : cluster.create(gateways(i), 'gateway')
  )
  t.same(await inTurn(creates), { 200: 5, 403: 45 })
})

await test('of 50 OvnEips in turn just as many as the quota are let', async t => {
  const cluster = clusterOf(t, 5, [ACME])
  t.same(await inTurn(times(50, i => () => cluster.create(eip(`e${i}`), 'cpo'))), { 200: 5, 403: 45 })
  t.same(cluster.reads[0], ['OvnEip//'])
})

await test('a quota above 16 is exact while the watch is 16 writes behind, at no read far from it', async t => {
  const cluster = clusterOf(t, 40, [ACME])
  const all = times(80, i => service(`s${i}`, 'acme'))
  const creates = all.map((json, i) => async () => {
    // of those before it, 16 are not seen yet
    const behind = all[i - 17]
    if (behind !== undefined && cluster.stored.has(refKey(refOfJson(behind)))) cluster.deliver(behind)
    return cluster.create(json)
  })
  t.same(await inTurn(creates.slice(0, 40)), { 200: 40 })
  t.equal(cluster.reads.length, 0)
  t.same(await inTurn(creates.slice(40)), { 403: 40 })
})

await test('updates to Services that count are judged, updates of those that do are not', async t => {
  const cluster = clusterOf(t, 1, [ACME, service('a', 'acme'), service('b', 'acme')])
  const labelled = { ...service('a', 'acme'), metadata: { name: 'a', namespace: 'acme', labels: { x: 'y' } } }
  t.equal(await cluster.create(labelled, 'alice', service('a', 'acme')), 200)
  t.same(cluster.reads, [], 'nothing is read for it')
  t.equal(await cluster.create(service('c', 'acme'), 'alice', service('c', 'acme', 'ClusterIP')), 403)
})

await test('room that a deletion made is found by the live list, before the watch tells of it', async t => {
  const cluster = clusterOf(t, 1, [ACME, service('a', 'acme'), eip('a')])
  cluster.stored.delete('Service/acme/a')
  cluster.stored.delete('OvnEip//a')
  t.equal(await cluster.create(service('b', 'acme')), 200)
  t.equal(await cluster.create(eip('b'), 'cpo'), 200)
})

await test('near the quota a write is refused for now while it cannot be counted, and passes far from it', async t => {
  const near = clusterOf(t, 16, [ACME])
  near.isReadable = false
  t.equal(await near.create(service('s', 'acme')), 503)
  t.equal(await near.create(eip('e'), 'cpo'), 503)
  t.equal(await near.create(service('s', 'acme', 'ClusterIP')), 200, 'what does not count passes')
  const full = clusterOf(t, 1, [ACME, service('a', 'acme')])
  full.isReadable = false
  t.equal(await full.create(service('s', 'acme')), 503, 'a denial that is not confirmed')
  const far = clusterOf(t, 17, [ACME])
  far.isReadable = false
  t.equal(await far.create(service('s', 'acme')), 200)
})
