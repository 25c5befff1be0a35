import assert from 'node:assert/strict'
import net from 'node:net'
import * as fc from 'fast-check'
import { test } from 'tap'
import type { Test } from 'tap'
import { formatDash, formatEntry, formatRange } from '../../src/address/format.ts'
import {
  EXCLUDE_IPS_FORMS,
  PLAN_FORMS,
  POOL_FORMS,
  parseAddress,
  parseRange
} from '../../src/address/parse.ts'
import type { ParsedRange, RangeForms } from '../../src/address/parse.ts'

/** A range as `family first last` in hex, or the problem and its facts, so that tables stay readable. */
function outcome(parsed: ParsedRange): string {
  if (parsed.ok) {
    const { family, first, last } = parsed.range
    return `v${family} ${first.toString(16)} ${last.toString(16)}`
  }
  return Object.values(parsed.problem).join(' | ')
}

function table(t: Test, forms: RangeForms, cases: Record<string, string>): void {
  for (const [text, expected] of Object.entries(cases)) {
    t.equal(outcome(parseRange(text, forms)), expected, JSON.stringify(text))
  }
}

await test('parseRange() reads spec.addresses as MetalLB does', async t => {
  const v4 = 'v4 a000000 a0000ff'
  table(t, POOL_FORMS, {
    '10.0.0.0/24': v4,
    '10.0.0.5/24': v4,
    '10.0.0.0/024': v4,
    '10.0.0.0-10.0.0.255': v4,
    '10.0.0.0 - 10.0.0.255': v4,
    ' 10.0.0.0\t-\u00a010.0.0.255\n': v4,
    '10.0.0.5/32': 'v4 a000005 a000005',
    '10.0.0.5-10.0.0.5': 'v4 a000005 a000005',
    '0.0.0.0/0': 'v4 0 ffffffff',
    '10.0.0.0/0': 'v4 0 ffffffff',
    '0.0.0.0-255.255.255.255': 'v4 0 ffffffff',
    '255.255.255.255/32': 'v4 ffffffff ffffffff',
    '224.0.0.0/4': 'v4 e0000000 efffffff',
    '127.0.0.0/8': 'v4 7f000000 7fffffff',
    'fd00::5/64': `v6 fd${'0'.repeat(30)} fd${'0'.repeat(14)}${'f'.repeat(16)}`,
    'FD00::/64': `v6 fd${'0'.repeat(30)} fd${'0'.repeat(14)}${'f'.repeat(16)}`,
    '::/0': `v6 0 ${'f'.repeat(32)}`,
    '::/128': 'v6 0 0',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128': `v6 ${'f'.repeat(32)} ${'f'.repeat(32)}`,
    '::1-::A': 'v6 1 a'
  })
  table(t, POOL_FORMS, {
    '': 'empty',
    ' \t': 'empty',
    ' 10.0.0.0/24': 'blank |  10.0.0.0',
    '10.0.0.0/24 ': 'blank | 24 ',
    '10.0.0.0 /24': 'blank | 10.0.0.0 ',
    '10.0.0.9-10.0.0.1': 'reversed | 10.0.0.9 | 10.0.0.1',
    '10.0.0.1 - 10.0.0.10x': 'not-an-address | 10.0.0.10x',
    '10.0.0.1-10': 'not-an-address | 10',
    '10.0.0.1-': 'not-an-address | ',
    '-10.0.0.1': 'not-an-address | ',
    '10.0.0.1-10.0.0.2-10.0.0.3': 'not-an-address | 10.0.0.2-10.0.0.3',
    '10.0.0.0/24-10.0.1.0/24': 'not-an-address | 10.0.0.0/24',
    '\ufeff10.0.0.1-10.0.0.2': 'not-an-address | \ufeff10.0.0.1',
    '010.0.0.0/24': 'leading-zero | 010.0.0.0',
    '10.0.0.00/24': 'leading-zero | 10.0.0.00',
    '10.0.0.1-10.0.0.010': 'leading-zero | 10.0.0.010',
    '10.0.0.0/33': 'prefix-length | 33 | 32',
    '10.0.0.0/': 'prefix-length |  | 32',
    '10.0.0.0/-1': 'not-an-address | 10.0.0.0/',
    '10.0.0.0/+8': 'prefix-length | +8 | 32',
    '10.0.0.0/8.0': 'prefix-length | 8.0 | 32',
    '10.0.0.0/255.255.255.0': 'prefix-length | 255.255.255.0 | 32',
    '10.0.0.0/24,10.0.1.0/24': 'prefix-length | 24,10.0.1.0/24 | 32',
    '10.0.0.0/٢٤': 'prefix-length | ٢٤ | 32',
    'fd00::/129': 'prefix-length | 129 | 128',
    '10.0.0/24': 'not-an-address | 10.0.0',
    '10.0.0.256/32': 'not-an-address | 10.0.0.256',
    '１０.0.0.0/24': 'not-an-address | １０.0.0.0',
    '10.0.0.1–10.0.0.3': 'not-an-address | 10.0.0.1–10.0.0.3',
    'fe80::1%eth0/64': 'zone | fe80::1%eth0',
    '0x0a000001/32': 'not-an-address | 0x0a000001',
    __proto__: 'not-an-address | __proto__'
  })
  t.equal(outcome(parseRange('::/0', { cidr: true, bare: true })), `v6 0 ${'f'.repeat(32)}`)
})

await test('parseRange() is stricter than MetalLB on mapped and mixed families', async t => {
  table(t, POOL_FORMS, {
    '::ffff:10.0.0.0/120': 'v4 a000000 a0000ff',
    '::ffff:a00:0/120': 'v4 a000000 a0000ff',
    '::FFFF:10.0.0.7/120': 'v4 a000000 a0000ff',
    '::ffff:0:0/96': 'v4 0 ffffffff',
    '::ffff:10.0.0.1/128': 'v4 a000001 a000001',
    '::ffff:10.0.0.1-::ffff:10.0.0.3': 'v4 a000001 a000003',
    '10.0.0.1-::ffff:10.0.0.3': 'v4 a000001 a000003',
    '::ffff:10.0.0.0/24': 'mapped-prefix | 24 | 96',
    '::ffff:0:0/95': 'mapped-prefix | 95 | 96',
    '::ffff:10.0.0.0/129': 'prefix-length | 129 | 128',
    '::ffff:010.0.0.0/120': 'leading-zero | ::ffff:010.0.0.0',
    '10.0.0.1-fd00::1': 'mixed-families | 10.0.0.1 | fd00::1',
    '::1-10.0.0.1': 'mixed-families | ::1 | 10.0.0.1',
    'fd00::1-10.0.0.1': 'mixed-families | fd00::1 | 10.0.0.1',
    '::fffe:ffff:ffff-::ffff:0:1': 'mixed-families | ::fffe:ffff:ffff | ::ffff:0:1'
  })
})

await test('parseRange() accepts the forms of the field and hints at one of them', async t => {
  table(t, POOL_FORMS, {
    '10.0.0.5': 'form-not-allowed | bare | 10.0.0.5/32',
    'fd00::5': 'form-not-allowed | bare | fd00::5/128',
    '10.0.0.1..10.0.0.3': 'form-not-allowed | dots | 10.0.0.1-10.0.0.3',
    '10.0.0.0..10.0.0.3': 'form-not-allowed | dots | 10.0.0.0/30',
    'my-pool': 'not-an-address | my',
    '10.0.0.300': 'not-an-address | 10.0.0.300'
  })
  table(t, PLAN_FORMS, {
    '10.0.0.5': 'v4 a000005 a000005',
    ' 10.0.0.5': 'blank |  10.0.0.5',
    '10.0.0.5-10.0.0.6': 'v4 a000005 a000006',
    '10.0.0.4/31': 'v4 a000004 a000005',
    '10.0.0.5..10.0.0.6': 'form-not-allowed | dots | 10.0.0.5-10.0.0.6'
  })
  table(t, EXCLUDE_IPS_FORMS, {
    '10.0.0.5': 'v4 a000005 a000005',
    '10.0.0.5..10.0.0.6': 'v4 a000005 a000006',
    'fd00::5..fd00::6': `v6 fd${'0'.repeat(29)}5 fd${'0'.repeat(29)}6`,
    '10.0.0.5 .. 10.0.0.6': 'blank | 10.0.0.5 ',
    '10.0.0.6..10.0.0.5': 'reversed | 10.0.0.6 | 10.0.0.5',
    '10.0.0.5..10.0.0.6..10.0.0.7': 'not-an-address | 10.0.0.6..10.0.0.7',
    '10.0.0.5-10.0.0.6': 'form-not-allowed | dash | 10.0.0.5..10.0.0.6',
    '10.0.0.5/32': 'form-not-allowed | cidr | 10.0.0.5'
  })
  t.equal(outcome(parseRange('10.0.0.1-10.0.0.3', { cidr: true })), 'form-not-allowed | dash', 'no hint fits')
})

await test('parseRange() refuses long texts at once', async t => {
  t.equal(
    outcome(parseRange(`10.0.0.0/${'0'.repeat(117)}24`, POOL_FORMS)),
    'v4 a000000 a0000ff',
    '128 characters'
  )
  t.equal(outcome(parseRange(`10.0.0.0/${'0'.repeat(118)}24`, POOL_FORMS)), 'too-long | 129 | 128')
  t.equal(outcome(parseRange(' '.repeat(5_000_000), POOL_FORMS)), 'too-long | 5000000 | 128')
})

await test('parseAddress() reads one address', async t => {
  t.strictSame(parseAddress('10.0.0.1'), { ok: true, family: 4, value: 0x0a000001n })
  t.strictSame(parseAddress('::FFFF:10.0.0.1'), { ok: true, family: 4, value: 0x0a000001n })
  t.strictSame(parseAddress('::10.0.0.1'), { ok: true, family: 6, value: 0x0a000001n })
  t.match(parseAddress('10.0.0.1/32'), { ok: false, problem: { problem: 'not-an-address' } })
  t.match(parseAddress('[::1]'), { ok: false, problem: { problem: 'not-an-address' } })
  t.match(parseAddress(' ::1'), { ok: false, problem: { problem: 'blank' } })
  t.match(parseAddress('::1%lo'), { ok: false, problem: { problem: 'zone' } })
  t.match(parseAddress('1'.repeat(129)), { ok: false, problem: { problem: 'too-long' } })
})

const nearlyAddress = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      '9',
      '25',
      '255',
      '256',
      'f',
      'FFFF',
      '00',
      '.',
      '.',
      ':',
      ':',
      '::',
      '1.2.3.4'
    ),
    {
      minLength: 1,
      maxLength: 16
    }
  )
  .map(parts => parts.join(''))

/** Texts with the shape of an address and one small mutation, where acceptance is actually in doubt. */
const mutated = fc
  .tuple(
    fc.oneof(fc.ipV4(), fc.ipV6()),
    fc.nat(),
    fc.constantFrom('', '0', '1', ':', '.', '::', 'f', 'g', ' ')
  )
  .map(([text, at, piece]) => {
    const cut = at % (text.length + 1)
    return text.slice(0, cut) + piece + text.slice(cut + (at % 2))
  })

await test('parseAddress() accepts what net.isIP accepts', async t => {
  let accepted = 0
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), nearlyAddress, mutated), text => {
        accepted += net.isIP(text) ? 1 : 0
        return parseAddress(text).ok === net.isIP(text) > 0
      }),
      { numRuns: 4000 }
    )
  )
  t.ok(accepted > 1500, `${accepted} of 4000 were addresses`)
})

function valueOfIPv4(text: string): bigint {
  return text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
}

/** By way of the URL standard's parser, whose serialiser leaves only hexadecimal groups and one `::`. */
function valueOfIPv6(text: string): bigint {
  const halves = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
  const [head, tail] = [halves[0], halves[1]].map(half => (half ? half.split(':') : []))
  const [high, low] = [head ?? [], tail ?? []]
  const groups = [...high, ...Array.from({ length: 8 - high.length - low.length }, () => '0'), ...low]
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
}

await test('parseAddress() computes the value', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.ipV4(), text => {
        assert.deepEqual(parseAddress(text), { ok: true, family: 4, value: valueOfIPv4(text) })
      }),
      { numRuns: 300 }
    )
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.ipV6(), text => {
        const value = valueOfIPv6(text)
        const expected =
          value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value }
        assert.deepEqual(parseAddress(text), { ok: true, ...expected })
      }),
      { numRuns: 300 }
    )
  )
})

await test('parseRange() of a CIDR covers what net.BlockList covers', async t => {
  const subnet = fc.oneof(
    fc.tuple(fc.constant('ipv4' as const), fc.ipV4(), fc.integer({ min: 1, max: 32 })),
    fc.tuple(fc.constant('ipv6' as const), fc.ipV6(), fc.integer({ min: 1, max: 128 }))
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(subnet, ([family, address, prefix]) => {
        const list = new net.BlockList()
        list.addSubnet(address, prefix, family)
        const parsed = parseRange(`${address}/${prefix}`, POOL_FORMS)
        if (!parsed.ok) return parsed.problem.problem === 'mapped-prefix'
        const { first, last } = parsed.range
        if (parsed.range.family === 4 && family === 'ipv6') return true
        const check = (value: bigint) => list.check(plain(family, value), family)
        const top = family === 'ipv4' ? 2n ** 32n - 1n : 2n ** 128n - 1n
        const isTight = (first === 0n || !check(first - 1n)) && (last === top || !check(last + 1n))
        return check(first) && check(last) && isTight
      }),
      { numRuns: 1000 }
    )
  )
})

function plain(family: 'ipv4' | 'ipv6', value: bigint): string {
  const [size, separator, radix] = family === 'ipv4' ? ([8n, '.', 10] as const) : ([16n, ':', 16] as const)
  const count = family === 'ipv4' ? 4n : 8n
  const parts = Array.from({ length: Number(count) }, (_, i) => value >> (size * (count - 1n - BigInt(i))))
  return parts.map(part => (part & ((1n << size) - 1n)).toString(radix)).join(separator)
}

await test('parseRange() never throws and round-trips through every format', async t => {
  const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 140 }), nearlyAddress, mutated)
  const entry = fc
    .tuple(anything, fc.constantFrom('', '-', ' - ', '/', '..'), anything)
    .map(parts => parts.join(''))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(entry, text => {
        for (const forms of [POOL_FORMS, PLAN_FORMS, EXCLUDE_IPS_FORMS]) parseRange(text, forms)
        parseAddress(text)
      }),
      { numRuns: 3000 }
    )
  )
  const end = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('0.0.0.0', '255.255.255.255', '::', 'ffff::'))
  const range = fc.oneof(
    fc.tuple(end, end).map(ends => ends.join('-')),
    fc.tuple(end, fc.integer({ min: 0, max: 128 })).map(parts => parts.join('/'))
  )
  let read = 0
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(range, text => {
        const parsed = parseRange(text, POOL_FORMS)
        if (!parsed.ok) return
        read++
        assert.deepEqual(parseRange(formatEntry(parsed.range), POOL_FORMS), parsed, text)
        assert.deepEqual(parseRange(formatRange(parsed.range), PLAN_FORMS), parsed, text)
        // An end inside ::ffff:0:0/96 reads back as IPv4, so such a range has no dash form (format.ts says so).
        const { family, first, last } = parsed.range
        if (family === 6 && [first, last].some(address => address >> 32n === 0xffffn)) return
        assert.deepEqual(parseRange(formatDash(parsed.range), PLAN_FORMS), parsed, text)
      }),
      { numRuns: 500 }
    )
  )
  t.ok(read > 100, `${read} ranges were read`)
})
