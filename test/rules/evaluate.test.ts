import { test } from 'tap'
import { judge, type Judgement } from '../../src/admission/judge.ts'
import type { Ports } from '../../src/admission/ports.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { parseReview } from '../../src/admission/review.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { KINDS, type KindName } from '../../src/kinds/index.ts'

const SNAPSHOT = loadPolicies(['test/rules/plan.yaml'])
const ADMINISTRATOR = { username: 'admin', groups: ['system:masters'] }

function object(kind: KindName, metadata: object, spec: object): Record<string, unknown> {
  const { group, versions } = KINDS[kind]
  return { apiVersion: group === '' ? versions[0] : `${group}/${versions[0]}`, kind, metadata, spec }
}

interface Write {
  readonly object: Record<string, unknown>
  readonly oldObject?: Record<string, unknown>
  readonly user?: string
}

/** Judges a write while these kinds are unreadable; the cluster holds two pools, a Subnet and two namespaces. */
async function judged(write: Write, unreadable: readonly KindName[]): Promise<Judgement> {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const kind of unreadable) inventory.setKnown(kind, false)
  inventory.putJson('Namespace', object('Namespace', { name: 'acme', labels: { tenant: 'acme' } }, {}))
  inventory.putJson('Namespace', object('Namespace', { name: 'infra' }, {}))
  const subnet = { cidrBlock: '10.5.204.0/24', gateway: '10.5.204.254', vlan: 'vlan204' }
  inventory.putJson('Subnet', object('Subnet', { name: 'external' }, subnet))
  const pool = { addresses: ['192.168.1.100-192.168.1.150'] }
  const inMetalLB = { name: 'default-pool', namespace: 'kmetal-metallb' }
  inventory.putJson('IPAddressPool', object('IPAddressPool', inMetalLB, pool))
  const ports: Ports = { snapshot: () => SNAPSHOT, view: inventory, confirm: async () => [], now: () => 0 }
  const body = admissionReview({
    uid: 'u',
    operation: write.oldObject === undefined ? 'CREATE' : 'UPDATE',
    subResource: '',
    dryRun: false,
    user: write.user === undefined ? ADMINISTRATOR : { username: write.user, groups: [] },
    object: rawObject(write.object),
    oldObject: rawObject(write.oldObject)
  })
  const parsed = parseReview(body)
  if (!parsed.ok) throw new Error(parsed.reason)
  return judge(parsed.review, ports)
}

/** `RULE KIND` for each rule that was not judged because of a kind. */
async function unjudged(write: Write, ...unreadable: KindName[]): Promise<readonly string[]> {
  const { unjudged: rules } = await judged(write, unreadable)
  return rules.map(({ rule, reason }) => `${rule.id} ${'kind' in reason ? reason.kind : reason.because}`)
}

const nat = object('OvnEip', { name: 'e' }, { externalSubnet: 'external', type: 'nat' })
const fixed = object('OvnEip', { name: 'e' }, { externalSubnet: 'external', v4Ip: '10.5.204.150' })
const pool = object(
  'IPAddressPool',
  { name: 'new', namespace: 'kmetal-metallb' },
  { addresses: ['192.168.1.110-192.168.1.120'] }
)

function service(namespace: string, spec: object, annotations: object = {}): Record<string, unknown> {
  return object('Service', { name: 's', namespace, annotations }, spec)
}

function vpc(enableExternal: boolean): Record<string, unknown> {
  return object('Vpc', { name: 'v' }, { enableExternal, extraExternalSubnets: ['external'] })
}

await test('evaluate() leaves a rule unjudged by an unreadable kind only where it asked about it', async t => {
  const kubeOvn = 'system:serviceaccount:kube-system:ovn'
  const lrp = object('OvnEip', { name: 'v-external' }, { externalSubnet: 'external', type: 'lrp' })
  const lsp = object('OvnEip', { name: 'n' }, { externalSubnet: 'external', type: 'lsp' })
  const loadBalancer = { type: 'LoadBalancer' }
  const named = service('acme', loadBalancer, { 'metallb.io/address-pool': 'default-pool' })

  t.same(
    await unjudged({ object: nat }, 'Node', 'Vpc', 'OvnEip', 'IP', 'IPAddressPool', 'Service'),
    ['subnet-pool-exhausted OvnEip', 'subnet-pool-exhausted IP'],
    'an address on a shared Subnet'
  )
  t.same(await unjudged({ object: nat }, 'Subnet'), [
    'eip-unknown-subnet Subnet',
    'eip-address-family Subnet',
    'subnet-pool-exhausted Subnet'
  ])
  t.same(await unjudged({ object: fixed }, 'Node'), ['eip-address-in-use Node'], 'an address that is asked for')
  t.same(await unjudged({ object: lsp }, 'Node'), ['eip-type Node'], 'a switch port is named like its node')
  t.same(await unjudged({ object: lrp, user: kubeOvn }, 'Node', 'Subnet', 'Vpc', 'OvnEip'), [])

  t.same(await unjudged({ object: service('acme', { type: 'ClusterIP' }) }, 'IPAddressPool', 'Namespace'), [])
  t.same(
    await unjudged({ object: named }, 'IPAddressPool'),
    ['service-address-conflict IPAddressPool', 'service-pool-exhausted IPAddressPool'],
    'a pool that is named, though not whether it is granted'
  )
  t.same(await unjudged({ object: named }, 'Namespace'), ['service-pool-not-granted Namespace'])
  t.same(await unjudged({ object: service('acme', loadBalancer) }, 'IPAddressPool'), [
    'service-pool-not-granted IPAddressPool',
    'service-pool-exhausted IPAddressPool'
  ])
  t.same(await unjudged({ object: service('infra', loadBalancer) }, 'Namespace'), [
    'service-pool-not-granted Namespace'
  ])
  t.same(
    await unjudged({ object: service('nowhere', loadBalancer) }, 'Namespace'),
    ['service-pool-not-granted Namespace', 'service-pool-exhausted Namespace'],
    'said once'
  )

  t.same(await unjudged({ object: vpc(false), oldObject: vpc(true) }, 'OvnEip'), [], 'a Vpc is detached')
  t.same(await unjudged({ object: vpc(true) }, 'OvnEip'), ['vpc-multi-dgp OvnEip', 'vpc-per-tenant OvnEip'])
})

await test('evaluate() does not count what only the proposals of a denial ask about', async t => {
  const kinds = ['Node', 'ServiceCIDR', 'OvnEip', 'Namespace'] as const
  const { findings, unjudged: rules } = await judged({ object: pool }, kinds)
  t.match(
    findings.map(({ rule }) => rule.id),
    ['pool-overlap', 'pool-unadvertised']
  )
  t.same(
    rules.map(({ rule }) => rule.id),
    ['pool-node-address', 'pool-cluster-range', 'pool-cluster-range', 'pool-provider-network'],
    'not pool-overlap, whose proposal kept clear of all these'
  )
  t.same(await unjudged({ object: pool }, 'IPAddressPool'), ['pool-overlap IPAddressPool'])
  t.same(await unjudged({ object: pool }, 'BGPAdvertisement'), [
    'pool-outside-node-subnet BGPAdvertisement',
    'advertisement-syntax BGPAdvertisement',
    'pool-unadvertised BGPAdvertisement'
  ])
  t.same(await unjudged({ object: pool }, 'Service'), ['pool-unusable Service'])
  t.same(await unjudged({ object: pool }, 'Subnet', 'Vpc'), [
    'pool-cluster-range Subnet',
    'pool-provider-network Subnet',
    'pool-provider-network Vpc',
    'pool-reserved-range Subnet',
    'pool-reserved-range Vpc'
  ])
})

await test('evaluate() closes nothing for what a write takes away', async t => {
  const smaller = { ...pool, spec: { addresses: ['192.168.1.110/32'] } }
  const { unjudged: rules } = await judged({ object: smaller, oldObject: pool }, ['Service'])
  t.same(
    rules.map(({ rule, reason, closes }) => [rule.id, 'kind' in reason && reason.kind, closes]),
    [
      ['pool-in-use', 'Service', false],
      ['pool-unusable', 'Service', false]
    ]
  )
})
