import { test } from 'tap'
import { EIP, eip, PLATFORM, POOL, pool, World } from './ledger-world.ts'

/** A watch that lags has not told of it yet; a live read does. */
const VLAN9 = {
  metadata: { name: 'vlan9', uid: 'uid-vlan9' },
  spec: { cidrBlock: '10.9.0.0/24', gateway: '10.9.0.1', vlan: 'v9' }
}

const KUBE_OVN = { group: 'kubeovn.io', version: 'v1' }
const VPC = {
  kind: { ...KUBE_OVN, kind: 'Vpc' },
  resource: { ...KUBE_OVN, resource: 'vpcs' },
  namespace: '',
  userInfo: PLATFORM
}
const VIP = {
  kind: { ...KUBE_OVN, kind: 'Vip' },
  resource: { ...KUBE_OVN, resource: 'vips' },
  namespace: '',
  userInfo: PLATFORM
}

const SUBNET = {
  kind: { ...KUBE_OVN, kind: 'Subnet' },
  resource: { ...KUBE_OVN, resource: 'subnets' },
  namespace: '',
  userInfo: PLATFORM
}

function vpc(name: string, ...extraExternalSubnets: string[]) {
  return { metadata: { name, uid: `uid-${name}` }, spec: { enableExternal: true, extraExternalSubnets } }
}

function vip(name: string, subnet: string, v4ip: string) {
  return { metadata: { name, uid: `uid-${name}` }, spec: { subnet, v4ip } }
}

function lagging(): World {
  const world = new World('perTenant')
  world.onConfirm = () => world.inventory.putJson('Subnet', VLAN9)
  return world
}

await test('a Vpc is judged on the Subnet it attaches, though the watch has not told of it', async t => {
  const world = lagging()
  world.inventory.putJson('IPAddressPool', pool('p', '10.9.0.100-10.9.0.200'))
  const answer = await world.ask(VPC, vpc('tenant', 'vlan9'))
  t.match(answer, { status: { code: 403 }, outcome: { denied: ['subnet-overlap'] } })
  t.equal(world.reads, 0)
})

await test('what a Vpc takes is what the Subnets give out that the caught-up view holds', async t => {
  const world = lagging()
  t.match(await world.ask(VPC, vpc('tenant', 'vlan9')), { allowed: true })
  const taken = [{ domain: 'subnet:' }, { domain: 'attached:vlan9' }]
  t.match(world.puts[0]?.claims, [{ owner: { name: 'tenant' }, taken }])
})

await test('an address of a Subnet that the watch has not told of is held by one only', async t => {
  for (const [kind, about, mine, others] of [
    ['Vip', VIP, vip('mine', 'vlan9', '10.9.0.50'), vip('theirs', 'vlan9', '10.9.0.50')],
    ['OvnEip', EIP, eip('mine', '10.9.0.50', {}, 'vlan9'), eip('theirs', '10.9.0.50', {}, 'vlan9')]
  ] as const) {
    const world = lagging()
    const as = { userInfo: PLATFORM }
    t.match(await world.ask(about, mine, as), { allowed: true }, kind)
    t.match(world.puts[0]?.claims, [{ taken: [{ domain: 'subnet:vlan9' }] }])
    const stored = lagging()
    stored.inventory.putJson(kind, mine)
    t.match(await stored.ask(about, others, as), { status: { code: 403 } }, `${kind}, stored`)
  }
})

await test('nor is one of a Subnet that does not exist yet', async t => {
  const world = new World()
  t.match(await world.ask(VIP, vip('mine', 'later', '10.9.0.50')), { allowed: true })
  t.match(world.puts[0]?.claims, [{ taken: [{ domain: 'subnet:later' }] }])
  world.inventory.putJson('Vip', vip('mine', 'later', '10.9.0.50'))
  t.match(await world.ask(VIP, vip('theirs', 'later', '10.9.0.50')), { status: { code: 403 } })
  t.match(await world.ask(VIP, vip('theirs', 'later', '10.9.0.51')), { allowed: true })
})

await test('addresses of an overlay Subnet make no claim, though the watch has not told of it', async t => {
  const world = new World()
  const spec = { cidrBlock: '10.9.0.0/24', gateway: '10.9.0.1' }
  world.onConfirm = () => world.inventory.putJson('Subnet', { ...VLAN9, spec })
  t.match(await world.ask(VIP, vip('mine', 'vlan9', '10.9.0.50')), { allowed: true })
  t.same([world.reads, world.puts.length], [0, 0])
})

await test('what takes longer than a webhook waits for makes no claim', async t => {
  const world = lagging()
  world.onRead = () => world.pass(3_000)
  const late = await world.ask(POOL, pool('late', '192.168.1.100/32'))
  t.match(late, { status: { code: 429 }, outcome: { denied: ['ledger'] } })
  t.same(world.puts, [])
  world.onRead = () => world.pass(1_000)
  t.match(await world.ask(POOL, pool('slow', '192.168.1.100/32')), { allowed: true })
  world.onConfirm = () => {
    world.pass(3_000)
    world.inventory.putJson('Subnet', VLAN9)
  }
  t.match(await world.ask(VPC, vpc('tenant', 'vlan9')), { status: { code: 429 } }, 'from when it came')
  t.equal(world.puts.length, 1)
})

/** The claim of a write that creates it. */
function claimOn(kind: string, name: string, domain: string) {
  const range = { family: 4, first: 1n, last: 1n } as const
  return {
    owner: { kind, namespace: '', name },
    attempts: [{ uid: `uid-${name}`, replaces: 0n, id: 'i' }] as const,
    taken: [{ domain, field: 'f', ranges: [range] }]
  }
}

await test('a Vpc waits for the Subnets that it attaches, and they for it', async t => {
  const world = new World('perTenant').claimed(claimOn('Subnet', 'vlan9', 'subnet:vlan9'))
  const waits = await world.ask(VPC, vpc('tenant', 'vlan9'))
  t.match(waits, { status: { code: 429, message: /changes which addresses this one takes: try again/ } })
  t.match(await world.ask(VPC, vpc('tenant', 'vlan8')), { allowed: true }, 'not for others')
  t.match(world.puts[0]?.claims.at(-1)?.taken, [{ domain: 'attached:vlan8' }], 'though it is not there')
  world.claimed(claimOn('Vpc', 'tenant', 'attached:vlan9'))
  t.match(await world.ask(SUBNET, VLAN9), { status: { code: 429 } })
  const vlan8 = { ...VLAN9, metadata: { name: 'vlan8', uid: 'uid-vlan8' } }
  t.match(await world.ask(SUBNET, vlan8), { allowed: true })
  t.match(await world.ask(VPC, vpc('another', 'vlan9')), { allowed: true }, 'nor do Vpcs for one another')
})

await test('it does not wait for one that is stored by now, and is judged on that', async t => {
  const world = new World('perTenant').claimed(claimOn('Subnet', 'vlan9', 'subnet:vlan9'))
  world.inventory.putJson('IPAddressPool', pool('p', '10.9.0.100-10.9.0.200'))
  world.onStored = () => world.inventory.putJson('Subnet', VLAN9)
  const answer = await world.ask(VPC, vpc('tenant', 'vlan9'))
  t.match(answer, { status: { code: 403 }, outcome: { denied: ['subnet-overlap'] } })
  world.inventory.delete('IPAddressPool', 'kmetal-metallb', 'p')
  t.match(await world.ask(VPC, vpc('tenant', 'vlan9')), { allowed: true })
  world.onStored = () =>
    world.inventory.putJson('Subnet', { ...VLAN9, metadata: { name: 'vlan9', uid: 'else' } })
  t.match(await world.ask(VPC, vpc('tenant', 'vlan9')), { status: { code: 429 } }, 'not another of its name')
})
