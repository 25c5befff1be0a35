import { test } from 'tap'
import type { OnFault } from '../../src/admission/answer.ts'
import { tenantOf } from '../../src/admission/claimant.ts'
import { EIP, eip, PLATFORM, POOL, pool, World } from './ledger-world.ts'

const RANGE = { family: 4, first: 3232235876n, last: 3232235880n } as const // 192.168.1.100-104
const TAKEN = [{ domain: 'metallb', field: 'spec.addresses[0]', ranges: [RANGE] }]

await test('a write that takes addresses is claimed before it is allowed', async t => {
  const world = new World()
  t.match(await world.ask(POOL, pool('new', '192.168.1.100-192.168.1.110')), { allowed: true })
  t.match(world.puts, [
    {
      version: '1',
      claims: [
        {
          owner: { name: 'new' },
          attempts: [{ uid: 'uid-new', replaces: 0n }],
          requester: 'admin',
          tenant: '',
          taken: [{ domain: 'metallb' }]
        }
      ]
    }
  ])
  t.equal(world.puts[0]?.minRevision.get('IPAddressPool'), 5n)
})

await test('only what is added is claimed, and nothing where nothing is', async t => {
  const world = new World()
  const before = pool('p', '192.168.1.100-192.168.1.104')
  world.inventory.putJson('IPAddressPool', before)
  const grown = pool('p', '192.168.1.100-192.168.1.106')
  await world.ask(POOL, grown, { operation: 'UPDATE', oldObject: before })
  t.match(world.puts[0]?.claims[0]?.taken[0]?.ranges, [{ first: RANGE.last + 1n, last: RANGE.last + 2n }])
  const shrunk = pool('p', '192.168.1.100-192.168.1.101')
  t.match(await world.ask(POOL, shrunk, { operation: 'UPDATE', oldObject: before }), { allowed: true })
  await world.ask(POOL, before, { operation: 'DELETE', object: null, oldObject: before })
  t.same([world.reads, world.puts.length], [1, 1])
})

await test('a dry run is told the same and claims nothing', async t => {
  const world = new World()
  t.match(await world.ask(POOL, pool('n', '192.168.1.100/32'), { dryRun: true }), { allowed: true })
  world.claimed({ taken: TAKEN })
  t.match(await world.ask(POOL, pool('n', '192.168.1.100/32'), { dryRun: true }), { status: { code: 429 } })
  t.same(world.puts, [])
})

await test('what another write is about to take is refused with 429, what is stored with 403', async t => {
  const world = new World().claimed({ taken: TAKEN })
  const answer = await world.ask(POOL, pool('new', '192.168.1.104-192.168.1.110'))
  t.match(answer, {
    allowed: false,
    outcome: { verdict: 'denied', denied: ['in-flight'] },
    status: { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 2 } }
  })
  t.match(answer.status?.message, /IPAddressPool kmetal-metallb\/other/)
  t.match(answer.status?.message, /Another write that is not stored yet .*: try again in 2 s\.$/)
  t.match(await world.ask(POOL, pool('new', '192.168.1.105-192.168.1.110')), { allowed: true }, 'beside it')
  world.inventory.putJson('IPAddressPool', pool('stored', '192.168.1.150-192.168.1.200'))
  const stored = await world.ask(POOL, pool('new', '192.168.1.104-192.168.1.150'))
  t.match(stored, { status: { code: 403 }, outcome: { denied: ['pool-overlap'] } })
})

await test('a tenant is not told whose write it is', async t => {
  const owner = { kind: 'OvnEip', namespace: '', name: 'secret-of-beta' }
  const range = { family: 4, first: 3405803786n, last: 3405803786n } as const // 203.0.113.10
  const taken = [{ domain: 'subnet:external', field: 'spec.v4Ip', ranges: [range] }]
  const world = new World().claimed({ owner, taken })
  const answer = await world.ask(EIP, eip('e', '203.0.113.10'))
  t.match(answer, { status: { code: 429 } })
  t.notMatch(JSON.stringify(answer), /secret-of-beta/)
})

await test('what Kube-OVN fills in makes no claim', async t => {
  const world = new World()
  const userInfo = { username: 'system:serviceaccount:kube-system:ovn', groups: [] }
  t.match(await world.ask(EIP, eip('e', '203.0.113.10'), { userInfo }), { allowed: true })
  t.equal(world.reads, 0)
  t.match(await world.ask(EIP, eip('e', '203.0.113.10')), { allowed: true })
  t.equal(world.puts.length, 1, 'others do')
})

await test('a CREATE of what exists makes no claim, and does not pass', async t => {
  const world = new World()
  world.inventory.putJson('IPAddressPool', pool('p', '192.168.1.100/32'))
  const answer = await world.ask(POOL, pool('p', '192.168.1.120/32'))
  t.match(answer, { status: { code: 409, reason: 'AlreadyExists' } })
  t.match(answer.status?.message, 'ipaddresspools.metallb.io "p" already exists')
  t.same([world.reads, world.confirms], [0, 1], 'by a live read')
  world.onConfirm = () => world.inventory.delete('IPAddressPool', 'kmetal-metallb', 'p')
  t.match(await world.ask(POOL, pool('p', '192.168.1.120/32')), { allowed: true }, 'not when it is gone')
  t.equal(world.puts.length, 1)
})

/** Of so many pools, 192.168.1.100 and so on. */
function claimsOf(count: number, of: { readonly requester: string; readonly tenant: string }) {
  return Array.from({ length: count }, (_, i) => {
    const at = RANGE.first + BigInt(i)
    const range = { family: 4, first: at, last: at } as const
    const owner = { kind: 'IPAddressPool', namespace: 'kmetal-metallb', name: `p${i}` }
    return { owner, ...of, taken: [{ domain: 'metallb', field: 'f', ranges: [range] }] }
  })
}

await test('nobody has more than eight claims in flight', async t => {
  const claims = (requester: string) => claimsOf(8, { requester, tenant: '' })
  const world = new World().claimed(...claims('admin'))
  const answer = await world.ask(POOL, pool('new', '192.168.1.120/32'))
  t.match(answer, { status: { code: 429 }, outcome: { denied: ['ledger'] } })
  t.match(answer.status?.message, /^8 writes of addresses by you/)
  t.match(await world.ask(POOL, pool('p3', '192.168.1.103/32')), { allowed: true }, 'one of the eight again')
  const other = await world.ask(POOL, pool('p3', '192.168.1.120/32'))
  t.match(other, { status: { code: 429 } }, 'not other addresses of the same name')
  world.claimed(...claims('other'))
  t.match(await world.ask(POOL, pool('new', '192.168.1.120/32')), { allowed: true })
})

await test('a tenant has a share, however many accounts it has, and what is not proven has another', async t => {
  const ask = (world: World, userInfo: typeof PLATFORM = EIP.userInfo) =>
    world.ask({ ...EIP, userInfo }, eip('e', '203.0.113.10'))
  const STRANGER = { username: 'stranger', groups: [] }
  const acme = new World().claimed(...claimsOf(20, { requester: 'x', tenant: 'acme' }))
  const answer = await ask(acme)
  t.match(answer, { status: { code: 429 }, outcome: { denied: ['ledger'] } })
  t.match(answer.status?.message, /^20 writes of addresses by your tenant/)
  t.match(await ask(acme, STRANGER), { allowed: true }, 'is not of acme')
  t.match(acme.puts.at(-1)?.claims.at(-1), { requester: 'stranger', tenant: '(none)' })
  t.match(await ask(acme, PLATFORM), { allowed: true })
  t.match(acme.puts.at(-1)?.claims.at(-1), { requester: 'admin', tenant: '' })
  const strangers = new World().claimed(...claimsOf(20, { requester: 'x', tenant: '(none)' }))
  t.match(await ask(strangers, STRANGER), { status: { code: 429 } })
  t.match(await ask(strangers), { allowed: true })
  t.match(strangers.puts.at(-1)?.claims.at(-1), { requester: 'acme-cpo', tenant: 'acme' })
  for (const tenancy of [
    { kind: 'inconsistent', name: 'acme', reason: 'label-without-owner' },
    { kind: 'unknown', missing: 'Namespace' }
  ] as const)
    t.equal(tenantOf(tenancy), '(none)', tenancy.kind)
})

await test('a claim tells which revision its write replaces, or that this is not known', async t => {
  const before = pool('p', '192.168.1.100/32')
  const attempt = async (resourceVersion: object, operation = 'UPDATE') => {
    const world = new World()
    const oldObject = { ...before, metadata: { ...before.metadata, ...resourceVersion } }
    await world.ask(POOL, pool('p', '192.168.1.100-192.168.1.101'), { operation, oldObject })
    return world.puts[0]?.claims[0]?.attempts[0]
  }
  t.match(await attempt({ resourceVersion: '42' }), { replaces: 42n })
  t.equal((await attempt({}))?.replaces, undefined)
  t.equal((await attempt({ resourceVersion: 'abc' }))?.replaces, undefined)
  t.equal((await attempt({ resourceVersion: '42' }, 'CREATE'))?.replaces, 0n)
})

await test('a ledger that cannot be gone by closes writes that take addresses, and no others', async t => {
  const world = new World()
  const asks = () => world.ask(POOL, pool('new', '192.168.1.100/32'))
  world.outcomes = ['unknown']
  t.match(await asks(), { status: { code: 429, message: /^It is not known/ } })
  world.outcomes = Array.from({ length: 1000 }, () => 'conflict')
  t.match(await asks(), { status: { code: 429, message: /^Many writes/ } })
  t.ok(world.outcomes.length > 800, 'for a while')
  for (const [problem, code, words] of [
    ['unreachable', 429, /could not be read/],
    ['missing', 503, /is missing. poolguard makes it anew within 2 minutes/],
    ['corrupt', 503, /an administrator deletes it/],
    ['format-version', 503, /another version/]
  ] as const) {
    world.read = { ok: false, problem, detail: '' }
    t.match(await asks(), { status: { code, message: words } }, problem)
  }
  const open = await world.ask(POOL, pool('new', '192.168.1.100/32'), {}, 'ignore')
  t.match(open, { allowed: true, warnings: [/another version/] }, 'as the administrator chose')
})

await test('what passes without a claim on a path of failurePolicy Ignore is counted, logged and noted as a fault', async t => {
  const world = new World()
  world.inventory.delete('L2Advertisement', 'kmetal-metallb', 'all')
  const asks = (onFault: OnFault) => world.ask(POOL, pool('new', '192.168.1.100/32'), {}, onFault)
  const usual = await asks('ignore')
  t.match(usual, { allowed: true, outcome: { verdict: 'allowed', fault: '' } })
  t.match(usual.warnings, [/\[pool-unadvertised\]/], 'rules have something to say')
  t.notOk(usual.auditAnnotations?.['fault'])
  for (const [problem, words] of [
    ['unreachable', /could not be read/],
    ['corrupt', /an administrator deletes it/]
  ] as const) {
    world.read = { ok: false, problem, detail: '' }
    const open = await asks('ignore')
    t.match(open.outcome, { verdict: 'fault', fault: words, name: 'new' }, problem)
    t.equal(open.warnings?.[0], open.outcome.fault)
    t.same(open.warnings?.slice(1), usual.warnings, 'what the rules said is not lost')
    t.same(open.auditAnnotations, { ...usual.auditAnnotations, fault: 'ignored' })
    t.same(open.outcome.warned, usual.outcome.warned)
    const shut = await asks('fail')
    t.match(shut.outcome, { verdict: 'denied', denied: ['ledger'], fault: '' }, 'a refusal is none')
  }
})
