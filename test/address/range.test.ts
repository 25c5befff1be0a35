import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { formatAddress, formatDash, formatEntry, formatRange } from '../../src/address/format.ts'
import {
  compareRanges,
  contains,
  familySpan,
  intersect,
  largest,
  largestBlockPrefix,
  merge,
  overlap,
  prefixOf,
  rangeSize,
  spans,
  subtract
} from '../../src/address/range.ts'
import type { AddressRange, Family } from '../../src/address/range.ts'

/** Windows of 256 addresses at both ends of both families, so that the edges of the spaces are always in play. */
const WINDOWS: readonly (readonly [Family, bigint])[] = [
  [4, 0n],
  [4, 2n ** 32n - 256n],
  [6, 0n],
  [6, 2n ** 128n - 256n]
]

const range = fc
  .tuple(fc.constantFrom(...WINDOWS), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 40 }))
  .map(([[family, base], first, length]): AddressRange => ({
    family,
    first: base + BigInt(first),
    last: base + BigInt(Math.min(255, first + length))
  }))
const ranges = fc.array(range, { maxLength: 12 })

/** The oracle: every single address of the ranges as a text. */
function cells(of: Iterable<AddressRange>): Set<string> {
  const all = new Set<string>()
  for (const { family, first, last } of of) for (let a = first; a <= last; a++) all.add(`${family}/${a}`)
  return all
}

function isCanonical(list: readonly AddressRange[]): boolean {
  return list.every((b, i) => {
    const a = list[i - 1]
    return (
      b.first <= b.last && (!a || a.family < b.family || (a.family === b.family && a.last + 1n < b.first))
    )
  })
}

function sorted(set: Iterable<string>): string[] {
  return [...set].toSorted()
}

await test('merge(), subtract() and intersect() are set arithmetic', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [inA, inB] = [cells(a), cells(b)]
        const results = { merged: merge(a), left: subtract(a, b), both: intersect(a, b) }
        assert.deepEqual(sorted(cells(results.merged)), sorted(inA))
        assert.deepEqual(sorted(cells(results.left)), sorted([...inA].filter(cell => !inB.has(cell))))
        assert.deepEqual(sorted(cells(results.both)), sorted([...inA].filter(cell => inB.has(cell))))
        assert.ok(Object.values(results).every(isCanonical), 'sorted, disjoint, not adjacent')
      }),
      { numRuns: 400 }
    )
  )
})

await test('pairwise functions agree with sets', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        range,
        fc.oneof(
          range,
          ranges.map(list => list[0])
        ),
        (a, other) => {
          const b = other ?? a
          const [inA, inB] = [cells([a]), cells([b])]
          const shared = overlap(a, b)
          assert.deepEqual(
            sorted(cells(shared ? [shared] : [])),
            sorted([...inA].filter(cell => inB.has(cell)))
          )
          assert.equal(
            contains(a, b),
            [...inB].every(cell => inA.has(cell))
          )
          assert.equal(rangeSize(a), BigInt(inA.size))
          assert.equal(Math.sign(compareRanges(a, b)) + Math.sign(compareRanges(b, a)), 0)
          assert.equal(compareRanges(a, b) === 0, contains(a, b) && contains(b, a))
        }
      ),
      { numRuns: 400 }
    )
  )
})

await test('whole spaces', async t => {
  const [all4, all6] = [familySpan(4), familySpan(6)]
  const ten: AddressRange = { family: 4, first: 0x0a000000n, last: 0x0affffffn }
  t.equal(rangeSize(all4), 2n ** 32n)
  t.equal(rangeSize(all6), 2n ** 128n)
  t.strictSame(merge([all6, ten, all4]), [all4, all6])
  t.strictSame(subtract([all4, all6], [ten, all6]).map(formatRange), [
    '0.0.0.0-9.255.255.255',
    '11.0.0.0-255.255.255.255'
  ])
  t.strictSame(subtract([all4], [all4]), [])
  t.strictSame(intersect([all6, all4], [ten]), [ten])
  t.strictSame([merge([]), subtract([], [ten]), intersect([ten], [])], [[], [], []])
  t.notOk(overlap({ ...ten, family: 6 }, ten), 'equal numbers of two families share nothing')
})

await test('largest() takes the first of the largest', async t => {
  const [a, b, c] = [1n, 5n, 5n].map((size, i): AddressRange => {
    return { family: 4, first: BigInt(i) * 10n, last: BigInt(i) * 10n + size - 1n }
  })
  t.ok(a && b && c)
  if (a && b && c) t.equal(largest([a, b, c]), b)
  t.equal(largest([]), undefined)
})

await test('spans() reaches from the lowest to the highest address of each family', async t => {
  const both: AddressRange[] = [
    { family: 6, first: 7n, last: 9n },
    { family: 4, first: 5n, last: 6n },
    { family: 4, first: 1n, last: 8n },
    { family: 4, first: 3n, last: 20n }
  ]
  t.same(spans(both), [
    { family: 4, first: 1n, last: 20n },
    { family: 6, first: 7n, last: 9n }
  ])
  t.same(spans([]), [])
})

await test('prefixOf() finds exactly the CIDR blocks', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(range, r => {
        const prefixes = Array.from({ length: 9 }, (_, hostBits) => hostBits).filter(hostBits => {
          const block = 1n << BigInt(hostBits)
          return r.first % block === 0n && r.last === r.first + block - 1n
        })
        const bits = r.family === 4 ? 32 : 128
        assert.deepEqual(prefixOf(r), prefixes[0] === undefined ? undefined : bits - prefixes[0])
      }),
      { numRuns: 400 }
    )
  )
  t.equal(prefixOf(familySpan(4)), 0)
  t.equal(prefixOf(familySpan(6)), 0)
})

await test('formatAddress() writes RFC 5952', async t => {
  const cases: Record<string, bigint> = {
    '::': 0n,
    '::1': 1n,
    '1::': 1n << 112n,
    '2001:db8::1': (0x20010db8n << 96n) | 1n,
    '2001:db8:0:1:1:1:1:1': 0x20010db8000000010001000100010001n,
    '2001:0:0:1::1': 0x20010000000000010000000000000001n,
    '2001:db8::1:0:0:1': 0x20010db8000000000001000000000001n,
    '::ffff:192.0.2.1': 0xffffc0000201n,
    '::fffe:c000:201': 0xfffec0000201n,
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff': 2n ** 128n - 1n
  }
  for (const [text, value] of Object.entries(cases)) t.equal(formatAddress(6, value), text)
  t.equal(formatAddress(4, 0n), '0.0.0.0')
  t.equal(formatAddress(4, 2n ** 32n - 1n), '255.255.255.255')
  t.equal(formatAddress(4, 0xc0a80196n), '192.168.1.150')
})

await test('formatAddress() agrees with the serialiser of the URL standard', async t => {
  const group = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), groups => {
        const text = groups.map(g => g.toString(16)).join(':')
        const value = groups.reduce((sum, g) => sum * 65536n + BigInt(g), 0n)
        fc.pre(value >> 32n !== 0xffffn)
        assert.equal(formatAddress(6, value), new URL(`http://[${text}]`).hostname.slice(1, -1))
      }),
      { numRuns: 1000 }
    )
  )
})

await test('formatRange(), formatDash() and formatEntry() differ as documented', async t => {
  const rows: [AddressRange, string, string, string][] = [
    [{ family: 4, first: 5n, last: 5n }, '0.0.0.5', '0.0.0.5', '0.0.0.5/32'],
    [{ family: 6, first: 5n, last: 5n }, '::5', '::5', '::5/128'],
    [{ family: 4, first: 8n, last: 15n }, '0.0.0.8/29', '0.0.0.8-0.0.0.15', '0.0.0.8/29'],
    [{ family: 4, first: 8n, last: 14n }, '0.0.0.8-0.0.0.14', '0.0.0.8-0.0.0.14', '0.0.0.8-0.0.0.14'],
    [familySpan(4), '0.0.0.0/0', '0.0.0.0-255.255.255.255', '0.0.0.0/0'],
    [familySpan(6), '::/0', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::/0']
  ]
  for (const [r, ...texts] of rows) t.strictSame([formatRange(r), formatDash(r), formatEntry(r)], texts)
})

await test('largestBlockPrefix() is that of the largest aligned block, found by trying all of them', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(range, r => {
        const bits = r.family === 4 ? 32 : 128
        const prefixes = Array.from({ length: 9 }, (_, hostBits) => bits - hostBits)
        const fits = prefixes.filter(prefix => {
          const size = 1n << BigInt(bits - prefix)
          const start = ((r.first + size - 1n) / size) * size
          return start + size - 1n <= r.last
        })
        assert.equal(largestBlockPrefix(r), Math.min(...fits))
        assert.equal(prefixOf(r) ?? largestBlockPrefix(r), largestBlockPrefix(r))
      }),
      { numRuns: 1000 }
    )
  )
  t.equal(largestBlockPrefix(familySpan(4)), 0)
  t.equal(largestBlockPrefix(familySpan(6)), 0)
  t.equal(largestBlockPrefix({ family: 4, first: 1n, last: 2n ** 32n - 2n }), 2)
  t.equal(largestBlockPrefix({ family: 6, first: 5n, last: 5n }), 128)
})
