import { test, type Test } from 'tap'
import { defaultOvnEip } from '../../src/admission/default-ovn-eip.ts'
import { defaultService } from '../../src/admission/default-service.ts'
import { patchOf } from '../../src/admission/patch.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { decodeObject, type KindName, type Kinds } from '../../src/kinds/index.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { requesterOf, type Tenancy } from '../../src/policy/tenancy.ts'
import type { Operation } from '../../src/rules/rule.ts'
import { UNRESTRICTED } from '../policy/unrestricted.ts'

type Raw = Record<string, unknown>

const POOL_KEY = 'metallb.io/address-pool'
const OLD_POOL_KEY = 'metallb.universe.tf/address-pool'

function planOf(spec: Raw): Plan {
  const document = { apiVersion: 'poolguard.io/v1alpha1', kind: 'NetworkPlan', metadata: { name: 'p' }, spec }
  const parsed = parsePolicies([{ path: 'plan.yaml', text: JSON.stringify(document) }], new Map())
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return parsed.policies.plan
}

const PLAN = planOf({ globalPool: { externalSubnets: ['external'], defaultExternalSubnet: 'external' } })

function decoded<K extends KindName>(kind: K, raw: Raw): Kinds[K] {
  const result = decodeObject(kind, raw)
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.object
}

interface Write {
  readonly operation?: Operation
  readonly stored?: Raw | undefined
  readonly plan?: Plan
}

/** The patch that defaulting comes to, with all it promises of any object checked on the way. */
function promised(t: Test, raw: Raw, ask: (object: Raw) => Raw | undefined): string {
  const before = structuredClone(raw)
  const changed = ask(raw)
  t.same(raw, before, 'the input is not changed')
  if (changed === undefined) return ''
  t.equal(ask(structuredClone(changed)), undefined, 'a second time there is nothing to do')
  return patchOf(raw, changed)
    .map(
      operation =>
        `${operation.op} ${operation.path} ${JSON.stringify('value' in operation ? operation.value : '')}`
    )
    .join('; ')
}

interface ServiceWrite extends Write {
  readonly pool?: string | undefined
  readonly view?: Inventory
}

function servicePatch(t: Test, raw: Raw, write: ServiceWrite = {}): string {
  const { operation = 'CREATE', stored, plan = PLAN, view = new Inventory() } = write
  const pool = 'pool' in write ? write.pool : 'default-pool'
  const oldService = stored && decoded('Service', stored)
  return promised(t, raw, object =>
    defaultService(object, { service: decoded('Service', object), oldService, operation, pool, plan, view })
  )
}

function service(annotations?: Record<string, string>, more: Raw = {}): Raw {
  const metadata = { name: 'web', namespace: 'acme-web', ...(annotations && { annotations }) }
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer' }, ...more }
}

const LIVE = { status: { loadBalancer: { ingress: [{ ip: '192.168.1.120' }] } } }
const CLUSTER_IP = { spec: { type: 'ClusterIP' } }
const KEY_PATH = '/metadata/annotations/metallb.io~1address-pool'

await test('defaultService() fills in the pool where none and no address is named', async t => {
  t.equal(servicePatch(t, service()), `add /metadata/annotations {"${POOL_KEY}":"default-pool"}`)
  t.equal(servicePatch(t, service({ a: 'b' })), `add ${KEY_PATH} "default-pool"`)
  t.equal(
    servicePatch(t, { spec: { type: 'LoadBalancer' } }),
    `add /metadata {"annotations":{"${POOL_KEY}":"default-pool"}}`
  )
  const nulls = { metadata: { name: 'web', annotations: null }, spec: { type: 'LoadBalancer' } }
  t.equal(servicePatch(t, nulls), `replace /metadata/annotations {"${POOL_KEY}":"default-pool"}`)
})

await test('defaultService() fills an empty annotation under the key that MetalLB reads', async t => {
  t.equal(servicePatch(t, service({ [POOL_KEY]: '' })), `replace ${KEY_PATH} "default-pool"`)
  const hidden = service({ [POOL_KEY]: '', [OLD_POOL_KEY]: 'platform-pool' })
  t.equal(servicePatch(t, hidden), `replace ${KEY_PATH} "default-pool"`)
  const old = '/metadata/annotations/metallb.universe.tf~1address-pool'
  t.equal(servicePatch(t, service({ [OLD_POOL_KEY]: '' })), `replace ${old} "default-pool"`)
  const plan = planOf({ metallb: { poolAnnotation: OLD_POOL_KEY } })
  t.equal(servicePatch(t, service({ a: 'b' }), { plan }), `add ${old} "default-pool"`)
  t.equal(servicePatch(t, service({ [POOL_KEY]: '' }), { plan }), `replace ${KEY_PATH} "default-pool"`)
})

await test('defaultService() leaves an explicit choice alone', async t => {
  for (const annotations of [
    { [POOL_KEY]: 'platform-pool' },
    { [OLD_POOL_KEY]: 'platform-pool' },
    { 'metallb.io/loadBalancerIPs': '192.168.1.5' },
    { 'metallb.universe.tf/loadBalancerIPs': '192.168.1.5' },
    { 'metallb.io/loadBalancerIPs': 'not-an-address' }
  ]) {
    t.equal(servicePatch(t, service(annotations)), '', JSON.stringify(annotations))
  }
  const byField = service(undefined, { spec: { type: 'LoadBalancer', loadBalancerIP: '192.168.1.5' } })
  t.equal(servicePatch(t, byField), '', 'spec.loadBalancerIP')
})

await test("defaultService() touches only LoadBalancers of MetalLB's, and only where there is a pool to give", async t => {
  t.equal(servicePatch(t, service(undefined, CLUSTER_IP)), '')
  const other = service(undefined, { spec: { type: 'LoadBalancer', loadBalancerClass: 'example.com/lb' } })
  t.equal(servicePatch(t, other), '')
  const plan = planOf({ metallb: { loadBalancerClass: 'example.com/lb' } })
  t.equal(servicePatch(t, other, { plan }), `add /metadata/annotations {"${POOL_KEY}":"default-pool"}`)
  t.equal(servicePatch(t, service(), { plan }), '', 'no class, while MetalLB has one')
  t.equal(servicePatch(t, service(), { pool: undefined }), '')
  t.equal(servicePatch(t, service(), { operation: 'DELETE' }), '')
  const leaving = service()
  t.equal(
    servicePatch(t, { ...leaving, metadata: { deletionTimestamp: '2026-11-23T00:00:00Z' } }),
    '',
    'being deleted'
  )
})

await test('defaultService() acts on updates of a Service without an address, never of one that has it', async t => {
  const added = `add /metadata/annotations {"${POOL_KEY}":"default-pool"}`
  const update = { operation: 'UPDATE' } as const
  t.equal(
    servicePatch(t, service(), { ...update, stored: service(undefined, CLUSTER_IP) }),
    added,
    'it becomes one'
  )
  t.equal(servicePatch(t, service(), { ...update, stored: service() }), added, 'it still waits')
  t.equal(servicePatch(t, service(undefined, LIVE), { ...update, stored: service(undefined, LIVE) }), '')
  t.equal(servicePatch(t, service(undefined, LIVE), update), '', 'the stored object could not be read')
  t.equal(servicePatch(t, service(undefined, LIVE)), added, 'created from an exported manifest')
  t.equal(
    servicePatch(t, service(), { ...update, stored: service(undefined, LIVE) }),
    '',
    'replaced without its status'
  )
  const dropped = { ...update, stored: service({ [POOL_KEY]: 'default-pool' }, LIVE) }
  t.equal(servicePatch(t, service(undefined, LIVE), dropped), '', 'the annotation was taken away')
})

/** Pools as [name, namespace, addresses]. */
function poolsOf(...pools: readonly (readonly [string, string, readonly string[]])[]): Inventory {
  const view = new Inventory()
  view.setAllKnown()
  for (const [name, namespace, addresses] of pools) {
    view.put(
      'IPAddressPool',
      decoded('IPAddressPool', { metadata: { name, namespace }, spec: { addresses } })
    )
  }
  return view
}

function live(...ips: readonly string[]): Raw {
  return { status: { loadBalancer: { ingress: ips.map(ip => ({ ip })) } } }
}

await test('defaultService() names the pool that all addresses of a live Service are in already', async t => {
  const added = `add /metadata/annotations {"${POOL_KEY}":"default-pool"}`
  const plan = planOf({ metallb: { namespace: 'kmetal-metallb' } })
  const held = ['192.168.1.100-192.168.1.150', 'fd00:1::/120'] as const
  const ours = ['default-pool', 'kmetal-metallb', held] as const
  const update = { operation: 'UPDATE', plan, view: poolsOf(ours) } as const
  const was = (...ips: string[]) => ({
    ...update,
    stored: service({ [POOL_KEY]: 'default-pool' }, live(...ips))
  })
  const replaced = service()
  t.equal(servicePatch(t, replaced, was('192.168.1.120')), added, 'replaced without its status')
  t.equal(servicePatch(t, service(undefined, live('192.168.1.120')), was('192.168.1.120')), added)
  t.equal(servicePatch(t, replaced, was('192.168.1.120', 'fd00:1::7')), added, 'dual-stack')
  t.equal(servicePatch(t, replaced, was('192.168.1.151')), '', 'it is elsewhere')
  t.equal(servicePatch(t, replaced, was('192.168.1.120', 'fd00:2::7')), '', 'one of two is elsewhere')
  t.equal(servicePatch(t, service(undefined, live('192.168.1.151')), was('192.168.1.120')), '', 'new status')
  t.equal(servicePatch(t, replaced, was('192.168.1.120 ')), '', 'unreadable')
  t.equal(servicePatch(t, replaced, { ...was('192.168.1.120'), view: new Inventory() }), '', 'unknown pool')
  const stray = poolsOf(['default-pool', 'default', held])
  t.equal(servicePatch(t, replaced, { ...was('192.168.1.120'), view: stray }), '', 'not where MetalLB looks')
  const shared = poolsOf(ours, ['other', 'kmetal-metallb', ['192.168.1.120/32']])
  t.equal(servicePatch(t, replaced, { ...was('192.168.1.120'), view: shared }), '', 'in two pools')
  t.equal(servicePatch(t, replaced, { ...was('192.168.1.121'), view: shared }), added, 'in one of the two')
})

await test('defaultService() keeps the pool that a live Service named, when a replacement drops it', async t => {
  const plan = planOf({ metallb: { namespace: 'kmetal-metallb' } })
  const view = poolsOf(
    ['default-pool', 'kmetal-metallb', ['192.168.1.100-192.168.1.150']],
    ['older-pool', 'kmetal-metallb', ['192.168.1.200-192.168.1.210']]
  )
  const update = { operation: 'UPDATE', plan, view } as const
  const kept = `add /metadata/annotations {"${POOL_KEY}":"older-pool"}`
  const was = (annotations: Record<string, string>, ...ips: string[]) => {
    return { ...update, stored: service(annotations, live(...ips)) }
  }
  const older = { [POOL_KEY]: 'older-pool' }
  t.equal(servicePatch(t, service(), was(older, '192.168.1.201')), kept)
  t.equal(servicePatch(t, service(undefined, live('192.168.1.201')), was(older, '192.168.1.201')), kept)
  t.equal(servicePatch(t, service(), was({ [OLD_POOL_KEY]: 'older-pool' }, '192.168.1.201')), kept)
  t.equal(servicePatch(t, service(), was({}, '192.168.1.201')), '', 'it named none')
  t.equal(servicePatch(t, service(), was({ [POOL_KEY]: '' }, '192.168.1.201')), '', 'it named none')
  t.equal(
    servicePatch(t, service(), was(older, '192.168.1.120')),
    kept.replace('older', 'default'),
    'in the default'
  )
  t.equal(servicePatch(t, service(), was(older, '192.168.1.220')), '', 'in none of them')
  t.equal(servicePatch(t, service(), was(older, '192.168.1.201', '192.168.1.120')), '', 'in both')
  t.equal(servicePatch(t, service(), was(older)), kept.replace('older', 'default'), 'it has no address yet')
  const named = service({ [POOL_KEY]: 'default-pool' })
  t.equal(servicePatch(t, named, was(older, '192.168.1.201')), '', 'a move on purpose')
})

const INVENTORY = new Inventory()
INVENTORY.setAllKnown()
for (const [name, cidrBlock] of [
  ['external', '10.5.204.0/24,fd00:5::/64'],
  ['beta-ext', '10.5.206.0/24'],
  ['twin-ext', '10.5.204.0/25'],
  ['acme-ext', '10.5.205.0/24']
]) {
  INVENTORY.put('Subnet', decoded('Subnet', { metadata: { name }, spec: { cidrBlock, vlan: 'vlan204' } }))
}

interface EipWrite extends Write {
  readonly user?: string
  readonly view?: Inventory
  readonly tenancy?: Tenancy
}

function eipPatch(t: Test, raw: Raw, write: EipWrite = {}): string {
  const { operation = 'CREATE', stored, plan = PLAN, user = 'alice', view = INVENTORY } = write
  const { tenancy = { kind: 'unmapped' } } = write
  const oldEip = stored && decoded('OvnEip', stored)
  const requester = requesterOf(plan, { username: user, groups: [] })
  return promised(t, raw, object =>
    defaultOvnEip(object, {
      eip: decoded('OvnEip', object),
      oldEip,
      operation,
      requester,
      plan,
      view,
      tenancy,
      exposure: UNRESTRICTED
    })
  )
}

function eip(spec?: Raw, more: Raw = {}): Raw {
  return {
    apiVersion: 'kubeovn.io/v1',
    kind: 'OvnEip',
    metadata: { name: 'e' },
    ...(spec && { spec }),
    ...more
  }
}

const ADDED = 'add /spec/externalSubnet "external"'
const REPLACED = 'replace /spec/externalSubnet "external"'
const KUBE_OVN = 'system:serviceaccount:kube-system:ovn'

await test('defaultOvnEip() names the default Subnet on CREATE, whatever address is asked for', async t => {
  t.equal(eipPatch(t, eip({ type: 'nat' })), ADDED)
  t.equal(eipPatch(t, eip({ externalSubnet: '' })), REPLACED)
  t.equal(eipPatch(t, eip({ externalSubnet: null })), REPLACED)
  t.equal(eipPatch(t, eip()), 'add /spec {"externalSubnet":"external"}')
  t.equal(eipPatch(t, eip({ v4Ip: '10.9.9.9' })), ADDED, 'validation speaks of that')
  t.equal(eipPatch(t, eip({}), { view: new Inventory() }), ADDED, 'the Subnet is not there yet')
})

await test('defaultOvnEip() leaves alone what is named, what Kube-OVN writes and what leaves', async t => {
  t.equal(eipPatch(t, eip({ externalSubnet: 'beta-ext' })), '')
  t.equal(eipPatch(t, eip({ type: 'lrp' }), { user: KUBE_OVN }), '')
  t.equal(eipPatch(t, eip({}), { operation: 'DELETE' }), '')
  t.equal(eipPatch(t, eip({}, { metadata: { deletionTimestamp: '2026-11-23T00:00:00Z' } })), '')
  t.equal(eipPatch(t, eip({}), { plan: planOf({}) }), '', 'the plan has no default')
})

await test('defaultOvnEip() on UPDATE says what is so already, and no more', async t => {
  const update = { operation: 'UPDATE' } as const
  const inside = { v4Ip: '10.5.204.110', v6Ip: 'fd00:5::7' }
  const outside = { v4Ip: '10.9.9.9', v6Ip: '' }
  t.equal(eipPatch(t, eip({}), { ...update, stored: eip({}) }), ADDED, 'no address yet')
  t.equal(eipPatch(t, eip(inside), { ...update, stored: eip(inside, { status: inside }) }), ADDED)
  t.equal(eipPatch(t, eip(outside), { ...update, stored: eip(outside) }), '', 'asks for one elsewhere')
  t.equal(eipPatch(t, eip({}, { status: outside }), { ...update, stored: eip({}) }), '', 'has one elsewhere')
  t.equal(
    eipPatch(t, eip({}), { ...update, stored: eip({}, { status: outside }) }),
    '',
    'replaced without its status'
  )
  const half = { v4Ip: '10.5.204.110', v6Ip: 'fd00:6::7' }
  t.equal(eipPatch(t, eip({}), { ...update, stored: eip({}, { status: half }) }), '', 'one family elsewhere')
  t.equal(eipPatch(t, eip({ v4Ip: '10.5.204.1,10.5.204.2' }), update), '', 'unreadable')
  t.equal(eipPatch(t, eip(inside), { ...update, view: new Inventory() }), '', 'the Subnet is unknown')
  t.equal(eipPatch(t, eip(inside), { ...update, user: KUBE_OVN }), '')
})

const OWN_SUBNETS = {
  globalPool: { externalSubnets: ['external'], defaultExternalSubnet: 'external' },
  tenancy: {
    tenants: [
      { name: 'acme', externalSubnets: ['acme-ext', 'acme-ext-b'] },
      { name: 'beta', externalSubnets: ['beta-ext'] },
      { name: 'twin', externalSubnets: ['twin-ext'] }
    ]
  }
}
const PER_TENANT = planOf({ ...OWN_SUBNETS, poolModel: 'perTenant' })
const BETAS = 'add /spec/externalSubnet "beta-ext"'

function tenant(name: string): Tenancy {
  return { kind: 'tenant', name }
}

await test("defaultOvnEip() names the tenant's only Subnet while the pool model is perTenant", async t => {
  const beta = { plan: PER_TENANT, tenancy: tenant('beta') }
  t.equal(eipPatch(t, eip({}), beta), BETAS)
  t.equal(eipPatch(t, eip({}), { ...beta, tenancy: tenant('acme') }), '', 'it has several to choose from')
  t.equal(eipPatch(t, eip({}), { ...beta, tenancy: tenant('gamma') }), ADDED, 'it has none')
  t.equal(eipPatch(t, eip({}), { ...beta, tenancy: { kind: 'platform' } }), ADDED)
  t.equal(eipPatch(t, eip({}), { ...beta, tenancy: { kind: 'unmapped' } }), ADDED)
  t.equal(eipPatch(t, eip({}), { ...beta, user: KUBE_OVN }), '')
  t.equal(eipPatch(t, eip({}), { ...beta, plan: planOf(OWN_SUBNETS) }), ADDED, 'the model is global')
  const noDefault = planOf({ tenancy: OWN_SUBNETS.tenancy, poolModel: 'perTenant' })
  t.equal(eipPatch(t, eip({}), { ...beta, plan: noDefault }), BETAS, 'the plan has no default')
})

await test('defaultOvnEip() on UPDATE with perTenant names the Subnet that the addresses are in', async t => {
  const update = { operation: 'UPDATE', plan: PER_TENANT, tenancy: tenant('beta') } as const
  const at = (v4Ip: string) => ({ ...update, stored: eip({ v4Ip }, { status: { v4Ip } }) })
  t.equal(eipPatch(t, eip({}), { ...update, stored: eip({}) }), BETAS, 'no address yet')
  t.equal(eipPatch(t, eip({}), at('10.5.206.7')), BETAS, 'replaced without what it named')
  t.equal(eipPatch(t, eip({}), at('10.5.204.110')), ADDED, 'Kube-OVN took the default')
  t.equal(eipPatch(t, eip({}), at('10.5.205.7')), '', 'in neither')
  const twin = { tenancy: tenant('twin') }
  t.equal(eipPatch(t, eip({}), { ...at('10.5.204.110'), ...twin }), '', 'in both')
  t.equal(eipPatch(t, eip({}), { ...at('10.5.204.210'), ...twin }), ADDED, 'in one of the two')
  const acme = { tenancy: tenant('acme') }
  t.equal(eipPatch(t, eip({}), { ...update, ...acme, stored: eip({}) }), '', 'several, and no address yet')
  t.equal(
    eipPatch(t, eip({}), { ...at('10.5.204.110'), ...acme }),
    ADDED,
    'several, and Kube-OVN took the default'
  )
  const one = 'add /spec/externalSubnet "acme-ext"'
  t.equal(eipPatch(t, eip({}), { ...at('10.5.205.7'), ...acme }), one, 'in one of the several')
  t.equal(eipPatch(t, eip({}), { ...at('10.5.206.7'), ...acme }), '', "in another tenant's")
})
