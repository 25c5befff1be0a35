import { test } from 'tap'
import { createAnswerReview } from '../../src/admission/answer-review.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'

const HEAD = 'apiVersion: poolguard.io/v1alpha1\n'

function generation(pool: string, overlap: 'deny' | 'off') {
  return snapshotOf([
    {
      path: 'plan.yaml',
      text: `${HEAD}kind: NetworkPlan
metadata: {name: dc1}
spec:
  nodeSubnets: [{cidr: 192.168.1.0/24}]
  globalPool: {ipAddressPool: ${pool}}
---
${HEAD}kind: ExposurePolicy
metadata: {name: p}
spec: {actions: {pool-overlap: ${overlap}}}
`
    }
  ])
}

const OLD = generation('old-pool', 'deny')
const NEW = generation('new-pool', 'off')

function inventory(): Inventory {
  const held = new Inventory()
  held.setAllKnown()
  const addresses = ['192.168.1.100-192.168.1.110']
  const pool = (name: string, of: readonly string[]) => {
    held.putJson('IPAddressPool', {
      metadata: { name, namespace: 'kmetal-metallb' },
      spec: { addresses: of }
    })
  }
  pool('stored', addresses)
  pool('old-pool', ['192.168.1.120'])
  pool('new-pool', ['192.168.1.121'])
  held.putJson('L2Advertisement', { metadata: { name: 'l2', namespace: 'kmetal-metallb' }, spec: {} })
  held.putJson('Namespace', { metadata: { name: 'kmetal-metallb' } })
  return held
}

/** Ports whose policies are replaced while the first object is read live. */
function reloading(onConfirm: (held: Inventory) => void = () => {}): Ports {
  const view = inventory()
  let snapshot = OLD
  return {
    snapshot: () => snapshot,
    view,
    confirm: async () => {
      snapshot = NEW
      onConfirm(view)
      return []
    },
    now: () => 0
  }
}

function review(kind: 'IPAddressPool' | 'Service', object: object) {
  const isPool = kind === 'IPAddressPool'
  const group = isPool ? 'metallb.io' : ''
  const version = isPool ? 'v1beta1' : 'v1'
  const namespace = isPool ? 'kmetal-metallb' : 'acme-shop'
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group, version, kind },
      resource: { group, version, resource: isPool ? 'ipaddresspools' : 'services' },
      name: 'x',
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'alice', groups: [] },
      object: { metadata: { name: 'x', namespace }, ...object },
      oldObject: null
    }
  }
}

const OVERLAPPING = review('IPAddressPool', { spec: { addresses: ['192.168.1.105-192.168.1.115'] } })

interface Response {
  readonly allowed: boolean
  readonly auditAnnotations: Readonly<Record<string, string>>
  readonly status?: {
    readonly message: string
    readonly details: { readonly causes: readonly { readonly reason: string; readonly message: string }[] }
  }
  readonly patch?: string
}

async function answer(
  ports: Ports,
  body: unknown,
  path: 'validate' | 'mutate' = 'validate'
): Promise<Response> {
  const { body: answered } = await createAnswerReview(ports)(body, { path, onFault: 'fail' })
  return (answered as { response: Response }).response
}

await test('row 54: policies that change while a request is judged are not those of the request', async t => {
  const ports = reloading()
  const first = await answer(ports, OVERLAPPING)
  t.equal(ports.snapshot(), NEW, 'they changed in its midst')
  t.match(first, { allowed: false, auditAnnotations: { denied: 'pool-overlap', policies: OLD.digest } })
  t.match(first.status?.details.causes.at(-1), { reason: 'policies', message: OLD.digest })
  t.match(await answer(ports, OVERLAPPING), { allowed: true, auditAnnotations: { policies: NEW.digest } })
})

await test('row 54: nor on the mutating path', async t => {
  const ports = reloading(held =>
    held.putJson('Namespace', { metadata: { name: 'acme-shop', labels: { tenant: 'acme' } } })
  )
  const spec = { type: 'LoadBalancer', ports: [{ port: 443 }] }
  const patched = async () => {
    const { patch = '' } = await answer(ports, review('Service', { spec }), 'mutate')
    return Buffer.from(patch, 'base64').toString()
  }
  t.match(await patched(), '"old-pool"')
  t.equal(ports.snapshot(), NEW)
  t.match(await patched(), '"new-pool"')
})

await test('a review asks for the policies once, on either path', async t => {
  for (const path of ['validate', 'mutate'] as const) {
    const ports = reloading()
    let asked = 0
    const snapshot = () => {
      asked++
      return ports.snapshot()
    }
    await answer({ ...ports, snapshot }, OVERLAPPING, path)
    t.equal(asked, 1, path)
  }
})

await test('row 55: replicas of two generations each answer by one, and say by which', async t => {
  const view = inventory()
  const replica = (snapshot: typeof OLD): Ports => ({
    snapshot: () => snapshot,
    view,
    confirm: async () => [],
    now: () => 0
  })
  t.not(OLD.digest, NEW.digest)
  const [before, after] = await Promise.all([OLD, NEW].map(one => answer(replica(one), OVERLAPPING)))
  t.match(before, { allowed: false, auditAnnotations: { policies: OLD.digest } })
  t.match(after, { allowed: true, auditAnnotations: { policies: NEW.digest } })
  const plain = review('IPAddressPool', { spec: { addresses: ['192.168.1.130-192.168.1.139'] } })
  for (const one of [OLD, NEW]) {
    t.match(await answer(replica(one), plain), { allowed: true, auditAnnotations: { policies: one.digest } })
  }
})

await test('a denial names the policies in its last cause, also of 16, and never in its message', async t => {
  const addresses = Array.from({ length: 40 }, (_, i) => `bad-${i}`)
  const { status } = await answer(reloading(), review('IPAddressPool', { spec: { addresses } }))
  t.equal(status?.details.causes.length, 16)
  t.match(status?.details.causes.at(-1), { reason: 'policies', message: OLD.digest, field: '' })
  t.equal(status?.details.causes.filter(({ reason }) => reason === 'policies').length, 1)
  t.equal(status?.message.split('\n').length, 17, '16 findings and the count of the others')
  t.notMatch(status?.message, 'sha256')
})
