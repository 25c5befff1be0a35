import { test } from 'tap'
import { familySpan, type AddressRange } from '../../src/address/range.ts'
import { blankLedger, decodeLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { Continuity } from '../../src/ledger/continuity.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { readRangeText } from '../../src/ledger/range-text.ts'
import { takenBeyond } from '../../src/ledger/taken.ts'

const IDENTITY = { version: '7', lineage: 'a' }

function ledgerOf(ranges: readonly AddressRange[]): Ledger {
  const owner = { kind: 'IPAddressPool', namespace: 'n', name: 'p' }
  const taken = [{ domain: 'metallb', field: 'spec.addresses[0]', ranges }]
  const attempts = [
    { uid: '', replaces: undefined, id: '0' },
    { uid: 'u', replaces: 0n, id: '1' }
  ]
  const claims = [{ owner, requester: 'me', tenant: 'acme', attempts, taken }]
  return { ...IDENTITY, isBlank: false, claims, minRevision: new Map([['IPAddressPool', 12n]]) }
}

await test('a ledger is read as it was written', async t => {
  const mapped = 0xffffn << 32n
  const ledger = ledgerOf([
    { family: 4, first: 1n, last: 1n },
    { family: 4, first: 5n, last: 9n },
    // ::/80, which the parser gives and no text with a dash means
    { family: 6, first: 0n, last: (1n << 48n) - 1n },
    { family: 6, first: mapped, last: mapped + 3n },
    familySpan(6)
  ])
  t.strictSame(decodeLedger(encodeLedger(ledger), IDENTITY), { ok: true, ledger })
  t.match(encodeLedger(ledger), '"0.0.0.5-0.0.0.9"', 'for people to read')
  t.strictSame(decodeLedger(undefined, IDENTITY), { ok: true, ledger: blankLedger(IDENTITY) })
})

await test('what is not understood is no ledger', async t => {
  const text = encodeLedger(ledgerOf([{ family: 4, first: 1n, last: 1n }]))
  const problem = (from: string, to: string) => {
    t.ok(text.includes(from), from)
    const read = decodeLedger(text.replace(from, to), IDENTITY)
    return read.ok ? 'read' : read.problem
  }
  t.equal(problem('"formatVersion":1', '"formatVersion":2'), 'format-version')
  t.equal(problem('"formatVersion":1,', ''), 'format-version')
  for (const [from, to] of [
    ['{"formatVersion"', '{"more":1,"formatVersion"'],
    ['"12"', '"-1"'],
    ['"12"', '12'],
    ['"12"', '"123456789012345678901"'],
    ['"IPAddressPool":', '"Pool":'],
    ['"kind":"IPAddressPool"', '"kind":"Pool"'],
    ['"uid":"u",', ''],
    ['"id":"1"', '"id":1'],
    ['"id":"1"', '"id":"1","more":1'],
    ['"replaces":"0"', '"replaces":0'],
    ['"replaces":"0"', '"replaces":"-1"'],
    ['"attempts":[', '"attempts":[1,'],
    ['"requester":"me"', '"requester":"me","more":1'],
    ['"tenant":"acme",', ''],
    ['"tenant":"acme"', '"tenant":1'],
    ['"0.0.0.1"', '"0.0.0.1/32"'],
    ['"0.0.0.1"', '"4 2 1"'],
    ['"0.0.0.1"', '"4 0 4294967296"'],
    ['["0.0.0.1"]', '[]'],
    ['"claims":[', '"claims":[1,']
  ] as const)
    t.equal(problem(from, to), 'corrupt', `${from} > ${to}`)
  t.match(decodeLedger('[', IDENTITY), { ok: false, problem: 'corrupt' })
  t.equal(readRangeText('5 1 2'), undefined)
})

await test('a claim of very many ranges is rounded up', async t => {
  const holder = { kind: 'IPAddressPool', namespace: 'n', name: 'p' }
  const claims = Array.from({ length: 20_000 }, (_, i) => {
    const at = BigInt(i * 2)
    return {
      domain: 'metallb',
      range: { family: 4, first: at, last: at },
      holder,
      field: 'f',
      state: 'stored'
    } as const
  })
  t.match(takenBeyond(claims.slice(0, 64), []), [{ ranges: { length: 64 } }])
  t.strictSame(takenBeyond(claims, [])[0]?.ranges, [{ family: 4, first: 0n, last: 39_998n }])
})

await test('a ledger in the place of another is not gone by until what the other held is over', async t => {
  let nowMs = 0
  const read = (version: string, lineage: string, isBlank = false) => {
    const ledger = { ...blankLedger({ version, lineage }), isBlank }
    return { ok: true, ledger, isFirst: lineage === 'a' } as const
  }
  const missing = { ok: false, problem: 'missing', detail: '' } as const
  const continuity = new Continuity(() => nowMs)
  t.match(continuity.follow(read('1', 'a', true)), { ok: true }, 'the first is believed')
  t.match(continuity.follow(read('2', 'a')), { ok: true })
  t.match(continuity.follow(read('1', 'a', true)), { ok: true }, 'a read that comes late is no loss')
  t.match(continuity.follow(read('3', 'a', true)), { problem: 'lost' }, 'emptied')
  nowMs = 119_999
  t.match(continuity.follow(read('4', 'a')), { problem: 'lost' })
  nowMs = 120_000
  t.match(continuity.follow(read('4', 'a')), { ok: true })
  t.match(continuity.follow(missing), { problem: 'missing', isOver: false })
  nowMs += 60_000
  t.match(continuity.follow(read('9', 'b')), { problem: 'lost' }, 'whoever made it')
  t.match(continuity.follow(missing), { problem: 'missing', isOver: false })
  nowMs += 60_000
  t.match(continuity.follow(missing), { problem: 'missing', isOver: false }, 'lost a second time')
  nowMs += 60_000
  t.match(continuity.follow(missing), { problem: 'missing', isOver: true })
  t.match(continuity.follow(read('4', 'a')), { ok: true })
})

await test('a ledger that may have had one before it, or that has gone back, is not gone by either', async t => {
  let nowMs = 0
  const at = (version: string, isBlank = false) => {
    return { ...blankLedger({ version, lineage: 'a' }), isBlank }
  }
  const blank = { ok: true, ledger: at('5', true) } as const
  const late = new Continuity(() => nowMs)
  t.match(late.follow(blank), { problem: 'lost', isOver: false }, 'a blank one at first sight')
  nowMs = 119_999
  t.match(late.follow({ ok: true, ledger: at('6') }), { problem: 'lost' }, 'whoever wrote it')
  nowMs = 120_000
  t.match(late.follow(blank), { ok: true })
  t.match(new Continuity(() => nowMs).follow({ ok: true, ledger: at('6') }), { ok: true }, 'written')
  t.match(new Continuity(() => nowMs).follow({ ...blank, isFirst: true }), { ok: true })

  const restored = new Continuity(() => nowMs)
  t.match(restored.follow({ ok: true, ledger: at('900') }), { ok: true })
  t.match(restored.follow({ ok: true, ledger: at('800') }), { ok: true }, 'a read that was overtaken')
  t.match(restored.follow({ ok: true, ledger: at('400'), hasGoneBack: true }), { problem: 'lost' })
  nowMs += 119_999
  t.match(restored.follow({ ok: true, ledger: at('410') }), { problem: 'lost' })
  nowMs += 1
  t.match(restored.follow({ ok: true, ledger: at('420', true) }), { problem: 'lost' }, 'emptied then')
})
