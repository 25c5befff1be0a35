import { test } from 'tap'
import { createAnswerReview, faultAnswer } from '../../src/admission/answer-review.ts'
import type { Answer, Question } from '../../src/admission/answer.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'

const VALIDATE: Question = { path: 'validate', onFault: 'fail' }
const MUTATE: Question = { path: 'mutate', onFault: 'fail' }

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: test}
spec:
  nodeSubnets: [{cidr: 192.168.1.0/24, gateway: 192.168.1.1}]
  metallb: {namespace: kmetal-metallb}
  globalPool: {ipAddressPool: default-pool, externalSubnets: [external], defaultExternalSubnet: external}
`

const snapshot = snapshotOf([{ path: 'plan.yaml', text: PLAN }])

interface Pool {
  readonly name?: string
  readonly addresses?: unknown
  readonly metadata?: object
}

function pool({ name = 'new', addresses = ['192.168.1.100-192.168.1.110'], metadata = {} }: Pool) {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: 'kmetal-metallb', ...metadata },
    spec: { addresses }
  }
}

interface World {
  readonly inventory: Inventory
  readonly ports: Ports
  readonly confirmed: ObjectRef[]
}

function world(onConfirm: (inventory: Inventory) => void = () => {}): World {
  const inventory = new Inventory()
  inventory.setAllKnown()
  inventory.putJson('IPAddressPool', pool({ name: 'stored', addresses: ['192.168.1.150-192.168.1.200'] }))
  inventory.putJson('L2Advertisement', { metadata: { name: 'all', namespace: 'kmetal-metallb' } })
  inventory.putJson('Namespace', { metadata: { name: 'kmetal-metallb' } })
  const confirmed: ObjectRef[] = []
  const confirm = async (refs: readonly ObjectRef[]) => {
    confirmed.push(...refs)
    onConfirm(inventory)
    return []
  }
  return { inventory, confirmed, ports: { snapshot: () => snapshot, view: inventory, confirm, now: () => 0 } }
}

function review(request: object): Record<string, unknown> {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-1',
      kind: { group: 'metallb.io', version: 'v1beta1', kind: 'IPAddressPool' },
      resource: { group: 'metallb.io', version: 'v1beta1', resource: 'ipaddresspools' },
      name: 'new',
      namespace: 'kmetal-metallb',
      operation: 'CREATE',
      userInfo: { username: 'admin', groups: ['system:masters'] },
      object: pool({}),
      oldObject: null,
      ...request
    }
  }
}

async function ask(request: object, question = VALIDATE, ports = world().ports): Promise<Answer> {
  return createAnswerReview(ports)(review(request), question)
}

await test('createAnswerReview() answers with the same uid and version', async t => {
  const { httpStatus, body } = await ask({})
  t.equal(httpStatus, 200)
  t.match(body, {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: 'u-1', allowed: true }
  })
})

await test('createAnswerReview() refuses bodies that are no review with 400', async t => {
  const bodies: [unknown, RegExp][] = [
    [null, /not a JSON object/],
    [[], /not a JSON object/],
    [42, /not a JSON object/],
    [{ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1beta1' }, /apiVersion/],
    [{ kind: 'Pod', apiVersion: 'v1' }, /kind is not AdmissionReview/],
    [{ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }, /request is missing/],
    [review({ uid: undefined }), /uid is missing/],
    [review({ uid: '' }), /uid is missing/],
    [review({ uid: 7 }), /uid is missing/]
  ]
  for (const [body, reason] of bodies) {
    const answer = await createAnswerReview(world().ports)(body, VALIDATE)
    t.equal(answer.httpStatus, 400, String(reason))
    t.match(answer.body, { error: reason })
    t.equal(answer.outcome.verdict, 'malformed')
  }
})

await test('createAnswerReview() refuses reviews that contradict themselves, and never skips them', async t => {
  const cases: [object, RegExp][] = [
    [{ operation: 'CONNECT' }, /operation/],
    [{ operation: 'create' }, /operation/],
    [{ resource: { group: '', version: 'v1', resource: 'services' } }, /not the same kind/],
    [{ kind: { group: '', version: 'v1', kind: 'Pod' } }, /not the same kind/],
    [{ object: null }, /object is missing/],
    [{ operation: 'DELETE', object: null }, /oldObject is missing/]
  ]
  for (const [request, reason] of cases) {
    const { body } = await ask(request)
    t.match(body, { response: { uid: 'u-1', allowed: false, status: { code: 400, message: reason } } })
  }
})

await test('createAnswerReview() allows kinds it does not know, with a warning', async t => {
  const { body } = await ask({
    kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
    resource: { group: 'apps', version: 'v1', resource: 'deployments' }
  })
  t.match(body, { response: { allowed: true, warnings: [/does not judge/] } })
})

await test('createAnswerReview() denies with a complete message and causes', async t => {
  const { body } = await ask({ object: pool({ addresses: ['192.168.1.190-192.168.1.210'] }) })
  t.match(body, {
    response: {
      uid: 'u-1',
      allowed: false,
      status: {
        status: 'Failure',
        code: 403,
        reason: 'Forbidden',
        message:
          'spec.addresses[0] 192.168.1.190-192.168.1.210 shares 11 addresses with IPAddressPool kmetal-metallb/stored: 192.168.1.190-192.168.1.200.',
        details: {
          name: 'new',
          group: 'metallb.io',
          kind: 'IPAddressPool',
          causes: [{ reason: 'pool-overlap', field: 'spec.addresses[0]' }]
        }
      }
    }
  })
})

await test('a pool without spec, and one with the wrong types, get the documented answers', async t => {
  const bare = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'new', namespace: 'kmetal-metallb' }
  }
  t.match((await ask({ object: bare })).body, {
    response: {
      allowed: false,
      status: { code: 403, message: /spec\.addresses holds no range.*\[pool-syntax\]/ }
    }
  })
  t.match((await ask({ object: pool({ addresses: '192.168.1.0/24' }) })).body, {
    response: {
      allowed: false,
      status: { message: /spec\.addresses .*is not an array\. \[invalid-object\]/ }
    }
  })
  t.match((await ask({ object: pool({ addresses: [7] }) })).body, {
    response: { allowed: false, status: { message: /spec\.addresses\[0\] 7 is not a string/ } }
  })
})

await test('at most 16 causes, in stable order, and the rest counted', async t => {
  const addresses = Array.from({ length: 40 }, (_, i) => `bad-${i}`)
  const first = await ask({ object: pool({ addresses }) })
  const again = await ask({ object: pool({ addresses }) })
  t.same(first.body, again.body, 'same input, same answer')
  const { response } = first.body as {
    response: { status: { message: string; details: { causes: unknown[] } } }
  }
  t.equal(response.status.details.causes.length, 16)
  t.match(response.status.message, /and 24 more$/)
})

await test('dryRun gets the same verdict', async t => {
  const object = pool({ addresses: ['192.168.1.190-192.168.1.210'] })
  t.same((await ask({ object, dryRun: true })).body, (await ask({ object })).body)
})

await test('DELETE is allowed, with object null', async t => {
  const { body } = await ask({ operation: 'DELETE', object: null, oldObject: pool({}) })
  t.match(body, { response: { allowed: true } })
})

await test('an update that grows nothing is allowed from the review alone', async t => {
  const { ports, inventory, confirmed } = world()
  for (const kind of ['IPAddressPool', 'L2Advertisement', 'Namespace'] as const)
    inventory.setKnown(kind, false)
  const oldObject = pool({ addresses: ['192.168.1.140-192.168.1.210'] })
  const request = { operation: 'UPDATE', oldObject }
  const labelled = pool({
    addresses: ['192.168.1.140-192.168.1.210'],
    metadata: { finalizers: ['x'], deletionTimestamp: 'now' }
  })
  t.match((await ask({ ...request, object: labelled }, VALIDATE, ports)).body, {
    response: { allowed: true }
  })
  const shrunk = pool({ addresses: ['192.168.1.150-192.168.1.160'] })
  t.match((await ask({ ...request, object: shrunk }, VALIDATE, ports)).body, { response: { allowed: true } })
  t.same(confirmed, [])
})

await test('an unreadable kind closes growing writes on /validate and opens them with a warning on /validate/ignore', async t => {
  const { ports, inventory } = world()
  inventory.setKnown('IPAddressPool', false)
  const closed = await ask({}, VALIDATE, ports)
  t.match(closed.body, {
    response: { allowed: false, status: { code: 503, message: /IPAddressPool objects could not be read/ } }
  })
  const open = await ask({}, { path: 'validate', onFault: 'ignore' }, ports)
  t.match(open.body, { response: { allowed: true, warnings: [/could not be read/] } })
})

await test('a denial that rests on another object is confirmed by a live read', async t => {
  const object = pool({ addresses: ['192.168.1.190-192.168.1.210'] })
  const gone = world(inventory => inventory.delete('IPAddressPool', 'kmetal-metallb', 'stored'))
  t.match((await ask({ object }, VALIDATE, gone.ports)).body, { response: { allowed: true } })
  t.match(gone.confirmed, [{ kind: 'IPAddressPool', namespace: 'kmetal-metallb', name: 'stored' }])
  const there = world()
  t.match((await ask({ object }, VALIDATE, there.ports)).body, { response: { allowed: false } })
  const fine = world()
  await ask({}, VALIDATE, fine.ports)
  t.same(fine.confirmed, [], 'only denials pay for it')
})

await test('a fault answers as the path says, by the uid only', async t => {
  const broken: Ports = {
    ...world().ports,
    snapshot: () => {
      throw new Error('boom\u001b[31m')
    }
  }
  const error: unknown = await ask({}, VALIDATE, broken).catch((thrown: unknown) => thrown)
  t.match(error, { message: /boom/ })
  const closed = faultAnswer(review({}), VALIDATE, error)
  t.match(closed.body, {
    response: { uid: 'u-1', allowed: false, status: { code: 500, message: /its log has review u-1$/ } }
  })
  t.match(closed.outcome, { verdict: 'fault', fault: /boom/, kind: 'IPAddressPool', username: 'admin' })
  const open = faultAnswer(review({}), { path: 'validate', onFault: 'ignore' }, error)
  t.match(open.body, { response: { uid: 'u-1', allowed: true, warnings: [/allowed it unseen/] } })
  t.equal(faultAnswer({}, VALIDATE, new Error('late')).httpStatus, 400)
})

await test('a warning that there is no advertisement is confirmed by a live read', async t => {
  const advertisement = { metadata: { name: 'all', namespace: 'kmetal-metallb' } }
  const behind = world(inventory => inventory.putJson('L2Advertisement', advertisement))
  behind.inventory.delete('L2Advertisement', 'kmetal-metallb', 'all')
  t.notMatch((await ask({}, VALIDATE, behind.ports)).body, { response: { warnings: [/pool-unadvertised/] } })
  t.same(
    behind.confirmed.map(({ kind, name }) => `${kind} ${name}`),
    ['L2Advertisement ', 'BGPAdvertisement ']
  )
  const none = world()
  none.inventory.delete('L2Advertisement', 'kmetal-metallb', 'all')
  t.match((await ask({}, VALIDATE, none.ports)).body, { response: { warnings: [/pool-unadvertised/] } })
})

await test('a denial that cannot be confirmed is refused as uncertain, or opened with a warning', async t => {
  const object = pool({ addresses: ['192.168.1.190-192.168.1.210'] })
  const { ports } = world()
  const blind: Ports = { ...ports, confirm: async refs => refs }
  const closed = await ask({ object }, VALIDATE, blind)
  t.match(closed.body, {
    response: { allowed: false, status: { code: 503, message: /could not be confirmed/ } }
  })
  t.match(closed.body, { response: { auditAnnotations: { denied: 'pool-overlap', unconfirmed: 'true' } } })
  const open = await ask({ object }, { path: 'validate', onFault: 'ignore' }, blind)
  t.match(open.body, { response: { allowed: true, warnings: [/pool-overlap/, /could not be confirmed/] } })
})

await test('live reads are bounded, and a second round reads what the first brought to light', async t => {
  const { ports, inventory, confirmed } = world(stored => {
    if (stored.get('IPAddressPool', 'kmetal-metallb', 'second') !== undefined) return
    stored.delete('IPAddressPool', 'kmetal-metallb', 'stored')
    stored.putJson('IPAddressPool', pool({ name: 'second', addresses: ['192.168.1.195/32'] }))
  })
  await ask({ object: pool({ addresses: ['192.168.1.190-192.168.1.210'] }) }, VALIDATE, ports)
  t.same(
    confirmed.map(({ name }) => name),
    ['stored', 'second']
  )
  for (let i = 0; i < 200; i++) {
    inventory.putJson('IPAddressPool', pool({ name: `p-${i}`, addresses: [`192.168.1.${i}/32`] }))
  }
  confirmed.length = 0
  await ask({ object: pool({ addresses: ['192.168.1.0/24'] }) }, VALIDATE, ports)
  t.ok(confirmed.length > 0 && confirmed.length <= 128, `${confirmed.length} reads`)
})

await test('a terminating object loses its finalizers whatever it looks like', async t => {
  const oldObject = pool({ addresses: 'nonsense' })
  const object = pool({ addresses: 'nonsense', metadata: { deletionTimestamp: '2026-11-23T00:00:00Z' } })
  t.match((await ask({ operation: 'UPDATE', oldObject, object })).body, { response: { allowed: true } })
  t.match((await ask({ operation: 'UPDATE', oldObject, object: oldObject })).body, {
    response: { allowed: false }
  })
})

await test('the mutating path sends both or neither of patch and patchType, never an empty patch', async t => {
  const { inventory, ports } = world()
  inventory.putJson('Namespace', { metadata: { name: 'tenant-acme', labels: { tenant: 'acme' } } })
  const service = (annotations: object = {}) => ({
    kind: { group: '', version: 'v1', kind: 'Service' },
    resource: { group: '', version: 'v1', resource: 'services' },
    namespace: 'tenant-acme',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'tenant-acme', ...annotations },
      spec: { type: 'LoadBalancer' }
    }
  })
  const answer = await ask(service(), MUTATE, ports)
  const { response } = answer.body as { response: { patchType: string; patch: string } }
  t.equal(response.patchType, 'JSONPatch')
  t.same(JSON.parse(Buffer.from(response.patch, 'base64').toString()), [
    { op: 'add', path: '/metadata/annotations', value: { 'metallb.io/address-pool': 'default-pool' } }
  ])
  const again = await ask(
    service({ annotations: { 'metallb.io/address-pool': 'default-pool' } }),
    MUTATE,
    ports
  )
  t.notOk('patch' in (again.body as { response: object }).response)
  t.notOk('patch' in ((await ask(service(), VALIDATE, ports)).body as { response: object }).response)
})

await test('keys from users never touch prototypes', async t => {
  const object: unknown = JSON.parse(
    '{"apiVersion":"metallb.io/v1beta1","kind":"IPAddressPool","metadata":{"name":"constructor","namespace":"kmetal-metallb","labels":{"constructor":"x","__proto__":"y"}},"spec":{"addresses":["192.168.1.100/32"],"__proto__":{"addresses":[]}}}'
  )
  t.match((await ask({ object })).body, { response: { allowed: true } })
  t.equal(Object.hasOwn(Object.prototype, 'addresses'), false)
})

await test('control and bidirectional characters are escaped in messages', async t => {
  const { body } = await ask({ object: pool({ addresses: ['10.0.0.1\u202e\n[31m'] }) })
  t.match(body, { response: { status: { message: /\\u\{202e\}\\u\{a\}/ } } })
})
