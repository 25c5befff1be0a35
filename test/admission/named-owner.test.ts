import { test } from 'tap'
import { judge } from '../../src/admission/judge.ts'
import { mutate } from '../../src/admission/mutate.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { parseReview, type Review } from '../../src/admission/review.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: test}
spec:
  metallb: {namespace: kmetal-metallb}
  globalPool: {ipAddressPool: default-pool}
  tenancy: {serviceOwners: [{user: gw, namespaceFromLabel: of}]}
`
const snapshot = snapshotOf([{ path: 'plan.yaml', text: PLAN }])

/** What is seen of the cluster: namespaces as [name, tenant], '' for the platform's. */
function seen(...namespaces: readonly (readonly [string, string])[]): Inventory {
  const view = new Inventory()
  view.setAllKnown()
  for (const [name, tenant] of namespaces) put(view, name, tenant)
  return view
}

function put(view: Inventory, name: string, tenant: string): void {
  view.putJson('Namespace', { metadata: { name, labels: tenant === '' ? {} : { tenant } } })
}

/** A Service that the gateway's controller writes for acme-web. */
function gateway(annotations: object = {}): Review {
  const metadata = { name: 'web', namespace: 'gateways', labels: { of: 'acme-web' }, annotations }
  const object = rawObject({ apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer' } })
  const body = admissionReview({
    uid: 'u',
    operation: 'CREATE',
    subResource: '',
    dryRun: false,
    user: { username: 'gw', groups: [] },
    object,
    oldObject: undefined
  })
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.review
}

/** Live reads of `live` fill the view in; of others nothing is heard. */
function portsOf(
  view: Inventory,
  live: readonly (readonly [string, string])[]
): Ports & { read: ObjectRef[] } {
  const read: ObjectRef[] = []
  const confirm: Ports['confirm'] = async refs => {
    read.push(...refs)
    return refs.filter(({ name }) => {
      const found = live.find(([namespace]) => namespace === name)
      if (found) put(view, ...found)
      return found === undefined
    })
  }
  return { snapshot: () => snapshot, view, now: () => 0, confirm, read }
}

const POOL = { 'metallb.io/address-pool': 'platform-pool' }

await test('a namespace that a label names, and is not seen yet, is read before it decides', async t => {
  const live = [['acme-web', 'acme']] as const
  const ports = portsOf(seen(['gateways', '']), live)
  const { findings } = await judge(gateway(POOL), ports)
  t.match(findings, [{ rule: { id: 'service-pool-not-granted' }, finding: { tenant: 'acme' } }])
  const defaults = await mutate(gateway(), portsOf(seen(['gateways', '']), live))
  t.match(defaults, [{ op: 'add', value: 'default-pool' }])
})

await test('a denial that rests on it is confirmed by a read of it', async t => {
  const stale = seen(['gateways', ''], ['acme-web', 'acme'])
  const ports = portsOf(stale, [
    ['gateways', ''],
    ['acme-web', '']
  ])
  t.same((await judge(gateway(POOL), ports)).findings, [], 'it has become the platform’s')
  t.ok(ports.read.some(({ kind, name }) => kind === 'Namespace' && name === 'acme-web'))
  const unheard = portsOf(seen(['gateways', ''], ['acme-web', 'acme']), [['gateways', '']])
  t.match(await judge(gateway(POOL), unheard), { isUnconfirmed: true })
})
