import { test } from 'tap'
import { createAnswerReview } from '../../src/admission/answer-review.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import type { ObjectRef } from '../../src/kinds/object-ref.ts'

const PLAN = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: test}
spec: {globalPool: {externalSubnets: [external], defaultExternalSubnet: external}}
`
const snapshot = snapshotOf([{ path: 'plan.yaml', text: PLAN }])

/** Two free addresses, and an egress gateway with one replica. */
function inventory(): Inventory {
  const view = new Inventory()
  view.setAllKnown()
  const subnet = {
    cidrBlock: '10.5.207.0/29',
    gateway: '10.5.207.1',
    vlan: 'v',
    excludeIps: ['10.5.207.4..10.5.207.6']
  }
  view.putJson('Subnet', { metadata: { name: 'external' }, spec: subnet })
  view.putJson('Namespace', { metadata: { name: 'infra' } })
  return view
}

const GATEWAY = {
  metadata: { name: 'out', namespace: 'infra' },
  spec: { externalSubnet: 'external', replicas: 1 }
}

interface Asked {
  readonly allowed: boolean
  readonly message: string
  readonly confirmed: readonly ObjectRef[]
}

async function asked(request: object, view: Inventory, onConfirm: () => void = () => {}): Promise<Asked> {
  const confirmed: ObjectRef[] = []
  const ports: Ports = {
    snapshot: () => snapshot,
    view,
    now: () => 0,
    confirm: async refs => {
      confirmed.push(...refs)
      onConfirm()
      return []
    }
  }
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      operation: 'UPDATE',
      userInfo: { username: 'root', groups: ['system:masters'] },
      ...request
    }
  }
  const answer = await createAnswerReview(ports)(body, { path: 'validate', onFault: 'fail' })
  const response = isRecord(answer.body) && isRecord(answer.body['response']) ? answer.body['response'] : {}
  const message = isRecord(response['status']) ? response['status']['message'] : ''
  return {
    allowed: response['allowed'] === true,
    message: typeof message === 'string' ? message : '',
    confirmed
  }
}

/** What the API server sends for `kubectl scale`: two Scales, which say nothing else about the gateway. */
function scale(from: number | undefined, to: number | undefined) {
  const of = (replicas: number | undefined) => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: GATEWAY.metadata,
    spec: replicas === undefined ? {} : { replicas }
  })
  return {
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    resource: { group: 'kubeovn.io', version: 'v1', resource: 'vpc-egress-gateways' },
    subResource: 'scale',
    namespace: 'infra',
    name: 'out',
    object: of(to),
    oldObject: of(from)
  }
}

await test('a Scale is judged as the update of what it scales', async t => {
  const view = inventory()
  view.putJson('VpcEgressGateway', GATEWAY)
  t.match(await asked(scale(1, 2), view), { allowed: true })
  const denied = await asked(scale(1, 3), view)
  t.match(denied, {
    allowed: false,
    message: /spec\.replicas 3 .* has 2 free IPv4 addresses.*\[egress-gateway-address\]/
  })
  t.ok(denied.confirmed.some(({ kind }) => kind === 'Subnet'))
  t.match(await asked(scale(9, 8), view), { allowed: true }, 'fewer than before')
  t.match(await asked(scale(3, undefined), view), { allowed: true }, 'none at all is written as nothing')
})

await test('what is scaled is read live when it is not seen yet', async t => {
  const view = inventory()
  const ref = { kind: 'VpcEgressGateway', namespace: 'infra', name: 'out' }
  const seen = await asked(scale(1, 3), view, () => view.putJson('VpcEgressGateway', GATEWAY))
  t.match(seen, { allowed: false })
  t.same(seen.confirmed[0], ref)
  view.delete('VpcEgressGateway', 'infra', 'out')
  t.match(await asked(scale(1, 3), view), { allowed: true, confirmed: [ref] }, 'there is nothing to judge')
})

await test('a Scale of a kind without replicas, and a scale that is none, are refused or passed over', async t => {
  const view = inventory()
  view.putJson('VpcEgressGateway', GATEWAY)
  const ofEip = { ...scale(1, 3), resource: { group: 'kubeovn.io', version: 'v1', resource: 'ovn-eips' } }
  t.match(await asked(ofEip, view), { allowed: true })
  const strange = { ...scale(1, 3), subResource: '' }
  t.match(await asked(strange, view), { allowed: false, message: 'are not the same kind' })
})

function eipStatus(kind: string, resource: string, status: object, oldStatus: object) {
  return {
    kind: { group: 'kubeovn.io', version: 'v1', kind },
    resource: { group: 'kubeovn.io', version: 'v1', resource },
    subResource: 'status',
    name: 'e',
    object: { metadata: { name: 'e' }, spec: {}, status },
    oldObject: { metadata: { name: 'e' }, spec: {}, status: oldStatus }
  }
}

await test('a status is judged by the rules for statuses alone', async t => {
  const write = eipStatus('OvnEip', 'ovn-eips', { v4Ip: '10.5.207.2' }, {})
  const { allowed, message } = await asked(write, inventory())
  t.notOk(allowed)
  t.match(message, /^status\.v4Ip 10\.5\.207\.2 replaces an empty value.*\[eip-status\]$/)
  t.notMatch(message, 'eip-syntax', 'though the object itself is wrong')
  t.match(await asked({ ...write, subResource: '', oldObject: null, operation: 'CREATE' }, inventory()), {
    message: 'eip-syntax'
  })
  const other = eipStatus('Subnet', 'subnets', { v4availableIPs: 1 }, {})
  t.match(await asked(other, inventory()), { allowed: true }, 'a kind without such a rule')
})
