import { test } from 'tap'
import type { AddressRange } from '../../src/address/range.ts'
import { blankLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { limitOf, withClaim, type Taking } from '../../src/ledger/growing-write.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MOST_BYTES, MOST_CLAIMS } from '../../src/ledger/limits.ts'

const BLANK = blankLedger({ version: '1', lineage: 'a' })

/** By `requester` for `tenant`, of one address for an object of that name. */
function writeOf(name: string, at: number, more: Partial<Taking> = {}): Taking {
  const owner = { kind: 'OvnEip', namespace: '', name }
  return {
    owner,
    uid: `uid-${name}`,
    replaces: 0n,
    requester: 'me',
    tenant: '',
    taken: taken(addresses(at, 1)),
    ...more
  }
}

function taken(ranges: readonly AddressRange[], field = 'spec.v4Ip') {
  return [{ domain: 'subnet:external', field, ranges }]
}

/** So many of two addresses, with a gap after each. */
function addresses(from: number, count: number, family: 4 | 6 = 4): readonly AddressRange[] {
  // As long as they get when they are written.
  const base = family === 4 ? 3n << 30n : 0xfd00_1234_5678_9abc_def0_1234_5678_0000n
  return Array.from({ length: count }, (_, i) => {
    const at = base + BigInt(from + 3 * i)
    return { family, first: at, last: at + 1n }
  })
}

let ids = 0

function put(ledger: Ledger, ...writes: readonly Taking[]): Ledger {
  return writes.reduce((sum, write) => withClaim(sum, write, String((ids += 1))), ledger)
}

/** How many of the writes get a claim, one after the other. */
function fill(ledger: Ledger, writes: readonly Taking[]): { ledger: Ledger; passed: number } {
  let [next, passed] = [ledger, 0]
  for (const write of writes) {
    if (limitOf(next, write) !== undefined) continue
    next = put(next, write)
    passed += 1
  }
  return { ledger: next, passed }
}

await test('each set of ranges that an object asks for is a claim of its own, up to eight', async t => {
  const writes = Array.from({ length: 70 }, (_, i) => writeOf('x', 3 * i, { uid: `u${i}` }))
  const { ledger, passed } = fill(BLANK, writes)
  t.equal(passed, 8)
  t.strictSame(
    ledger.claims.map(claim => claim.taken),
    writes.slice(0, 8).map(write => write.taken),
    'none is rounded up to a span'
  )
  t.equal(limitOf(ledger, writeOf('x', 3, { uid: 'again' })), undefined, 'the same again')
  t.equal(limitOf(ledger, writeOf('y', 3)), 'too-many', 'of another object')
  t.equal(limitOf(ledger, writeOf('x', 100, { requester: 'you' })), undefined)
})

await test('a write that is tried again and again has one claim', async t => {
  const retries = Array.from({ length: 500 }, (_, i) => writeOf('x', 1, { uid: `u${i}` }))
  const before = put(BLANK, writeOf('w', 8))
  const { ledger, passed } = fill(before, retries)
  t.equal(passed, 500)
  t.equal(ledger.claims.length, 2)
  t.match(ledger.claims[1]?.attempts, [
    { uid: '', replaces: undefined, id: String(ids - 1) },
    { uid: 'u499', replaces: 0n, id: String(ids) }
  ])
  t.strictSame(ledger.claims[0], before.claims[0], 'others are as they were')
  const two = put(BLANK, writeOf('x', 1, { uid: 'a' }), writeOf('x', 1, { uid: 'b' }))
  t.match(two.claims[0]?.attempts, [{ uid: 'a', replaces: 0n }, { uid: 'b' }], 'of two, both are known')
  const a = put(two, writeOf('x', 1, { uid: 'a' }))
  t.match(a.claims[0]?.attempts, [{ uid: 'b' }, { uid: 'a', id: String(ids) }], 'the last one stands last')
})

await test('the same ranges of other fields are the same, those of another domain are not', async t => {
  const { ranges } = taken(addresses(1, 1))[0] ?? { ranges: [] }
  const ledger = put(BLANK, writeOf('x', 1))
  t.equal(put(ledger, writeOf('x', 1, { taken: taken(ranges, 'spec.other') })).claims.length, 1)
  const elsewhere = [{ domain: 'subnet:', field: 'spec.v4Ip', ranges }]
  t.equal(put(ledger, writeOf('x', 1, { taken: elsewhere })).claims.length, 2)
  t.equal(put(ledger, writeOf('x', 1, { taken: taken(addresses(1, 2)) })).claims.length, 2, 'more')
  t.equal(put(ledger, writeOf('x', 1, { taken: [...taken(ranges), ...elsewhere] })).claims.length, 2)
})

await test('of updates of one object the one that replaces the latest revision counts', async t => {
  const attempts = (...replaced: readonly (bigint | undefined)[]) =>
    put(BLANK, ...replaced.map(replaces => writeOf('x', 1, { replaces }))).claims[0]?.attempts
  t.match(attempts(5n, 7n), [{ replaces: 7n, id: String(ids) }])
  t.match(attempts(7n, 5n), [{ replaces: 7n, id: String(ids) }], 'as another replica saw it first')
  for (const unknown of [attempts(undefined, 5n), attempts(5n, undefined)]) {
    t.same([unknown?.length, unknown?.[0]?.replaces], [1, undefined])
  }
})

await test('no tenant, nor all of them, keeps the platform out', async t => {
  const of = (tenant: string, accounts: number) =>
    Array.from({ length: accounts * 8 }, (_, i) => {
      const requester = `${tenant}-${Math.floor(i / 8)}`
      return writeOf(`${tenant}-${i}`, i, { requester, tenant })
    })
  const acme = fill(BLANK, of('acme', 13))
  t.equal(acme.passed, 20)
  t.equal(limitOf(acme.ledger, writeOf('x', 1, { requester: 'new', tenant: 'acme' })), 'too-many-of-tenant')
  const all = fill(
    acme.ledger,
    ['b', 'c', 'd', 'e', 'f'].flatMap(tenant => of(tenant, 3))
  )
  t.equal(all.ledger.claims.length, 80)
  t.equal(limitOf(all.ledger, writeOf('x', 1, { tenant: 'new' })), 'full')
  const platform = fill(all.ledger, of('', 4))
  t.equal(platform.passed, MOST_CLAIMS - 80)
  t.equal(limitOf(platform.ledger, writeOf('x', 1)), 'full')
  const late = fill(
    fill(BLANK, of('', 2)).ledger,
    ['a', 'b', 'c', 'd'].flatMap(tenant => of(tenant, 3))
  )
  t.equal(late.passed, 80, 'what the platform has is not taken from the tenants')
})

await test('the ledger stays well below what a ConfigMap holds, whatever is claimed', async t => {
  const wide = (tenant: string) =>
    Array.from({ length: MOST_CLAIMS }, (_, i) => {
      const requester = `${'ü'.repeat(1_000)}${i}`
      const ranges = addresses(1_000 * i, 64, 6)
      const both = [...taken(ranges), { domain: 'pods', field: 'spec.cidrBlock', ranges }]
      return writeOf(`w${i}`, i, { requester, tenant: tenant === '' ? '' : `${tenant}${i}`, taken: both })
    })
  const bytes = (ledger: Ledger) => Buffer.byteLength(encodeLedger(ledger))
  const tenants = fill(BLANK, wide('t'))
  t.ok(tenants.passed < 80, 'fewer than their number alone allows')
  t.ok(bytes(tenants.ledger) <= MOST_BYTES * 0.8)
  t.equal(limitOf(tenants.ledger, wide('t').at(-1) ?? writeOf('x', 1)), 'full')
  const platform = fill(tenants.ledger, wide(''))
  t.ok(platform.passed > 0, 'some is left for the platform')
  t.ok(bytes(platform.ledger) <= MOST_BYTES)
  t.ok(bytes(platform.ledger) > MOST_BYTES * 0.9)
})
