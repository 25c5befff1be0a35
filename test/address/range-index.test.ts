import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import * as fc from 'fast-check'
import { test } from 'tap'
import { RangeIndex } from '../../src/address/range-index.ts'
import { compareRanges, familySpan, overlap } from '../../src/address/range.ts'
import type { FreeSearch } from '../../src/address/range-index.ts'
import type { AddressRange, Family } from '../../src/address/range.ts'

interface Entry {
  readonly range: AddressRange
  readonly value: number
}

/** 64 addresses at the bottom of IPv4 and at the top of IPv6. */
const BASES: Readonly<Record<Family, bigint>> = { 4: 0n, 6: 2n ** 128n - 64n }

const family = fc.constantFrom<Family>(4, 6)
const smallRange = fc
  .tuple(
    family,
    fc.integer({ min: 0, max: 63 }),
    fc.oneof(fc.integer({ min: 0, max: 5 }), fc.nat({ max: 63 }))
  )
  .map(([f, first, length]): AddressRange => ({
    family: f,
    first: BASES[f] + BigInt(first),
    last: BASES[f] + BigInt(Math.min(63, first + length))
  }))
const anyRange = fc.oneof(
  { weight: 20, arbitrary: smallRange },
  { weight: 1, arbitrary: family.map(familySpan) }
)
const value = fc.nat({ max: 3 })

type Step =
  | { readonly kind: 'insert' | 'remove'; readonly range: AddressRange; readonly value: number }
  | { readonly kind: 'removeNth'; readonly n: number }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('insert' as const), range: anyRange, value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), range: anyRange, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('removeNth' as const), n: fc.nat() }) }
)

/** The oracle: an array in order of insertion. */
function build(steps: readonly Step[]): { index: RangeIndex<number>; stored: Entry[] } {
  const index = new RangeIndex<number>()
  const stored: Entry[] = []
  for (const s of steps) {
    if (s.kind === 'insert') {
      index.insert(s.range, s.value)
      stored.push({ range: s.range, value: s.value })
      continue
    }
    const entry = s.kind === 'removeNth' ? stored[s.n % stored.length] : s
    if (!entry) continue
    const at = stored.findIndex(e => e.value === entry.value && compareRanges(e.range, entry.range) === 0)
    if (at >= 0) stored.splice(at, 1)
    assert.equal(index.remove(entry.range, entry.value), at >= 0)
  }
  assert.equal(index.size, stored.length)
  return { index, stored }
}

function isFree(
  stored: readonly Entry[],
  skip: ((value: number) => boolean) | undefined,
  range: AddressRange
): boolean {
  return !stored.some(entry => !skip?.(entry.value) && overlap(entry.range, range))
}

const skip = fc.option(
  value.map(skipped => (v: number) => v === skipped),
  { nil: undefined }
)

await test('overlapping() yields what a scan finds, in order', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(anyRange, { minLength: 1, maxLength: 5 }),
        (steps, queries) => {
          const { index, stored } = build(steps)
          for (const query of queries) {
            const expected = stored.filter(entry => overlap(entry.range, query))
            assert.deepEqual(
              [...index.overlapping(query)],
              expected.toSorted((a, b) => compareRanges(a.range, b.range))
            )
          }
        }
      ),
      { numRuns: 400 }
    )
  )
})

await test('free() yields the maximal untouched ranges', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), smallRange, skip, (steps, within, skipped) => {
        const { index, stored } = build(steps)
        const expected: AddressRange[] = []
        for (let a = within.first; a <= within.last; a++) {
          if (!isFree(stored, skipped, { family: within.family, first: a, last: a })) continue
          const previous = expected.at(-1)
          if (previous?.last === a - 1n) expected[expected.length - 1] = { ...previous, last: a }
          else expected.push({ family: within.family, first: a, last: a })
        }
        assert.deepEqual([...index.free(within, skipped)], expected)
      }),
      { numRuns: 400 }
    )
  )
})

function distance(a: AddressRange, b: AddressRange): number {
  return Number([a.first - b.last - 1n, b.first - a.last - 1n, 0n].reduce((x, y) => (x > y ? x : y)))
}

/** Tries every position of every allowed space. */
function nearestByScan(
  { within, near, size, skip: skipped }: FreeSearch<number>,
  stored: readonly Entry[]
): AddressRange | undefined {
  const fits: AddressRange[] = []
  for (const { family: f, first: low, last } of within.filter(w => w.family === near.family)) {
    for (let first = low; first + size - 1n <= last; first++) {
      const fit = { family: f, first, last: first + size - 1n }
      if (isFree(stored, skipped, fit)) fits.push(fit)
    }
  }
  return fits.toSorted((a, b) => distance(a, near) - distance(b, near) || Number(b.first - a.first))[0]
}

await test('nearestFree() finds the nearest fit, the higher one on a tie', async t => {
  let found = 0
  const search = fc.record({
    within: fc.array(smallRange, { maxLength: 4 }),
    near: smallRange,
    size: fc.bigInt({ min: 1n, max: 9n }),
    skip
  })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), search, (steps, wanted) => {
        const { index, stored } = build(steps)
        const expected = nearestByScan(wanted, stored)
        found += expected ? 1 : 0
        assert.deepEqual(index.nearestFree(wanted), expected)
      }),
      { numRuns: 2000 }
    )
  )
  t.ok(found > 500, `${found} of 2000 searches found a range`)
})

function v4(first: bigint, last: bigint): AddressRange {
  return { family: 4, first, last }
}

await test('nearestFree() on the edges', async t => {
  const index = new RangeIndex<string>()
  const near = v4(10n, 19n)
  t.strictSame(
    index.nearestFree({ within: [familySpan(4)], near, size: 10n }),
    v4(20n, 29n),
    'adjacent, above'
  )
  t.strictSame(
    index.nearestFree({ within: [v4(0n, 19n)], near, size: 10n }),
    near,
    'near itself when it is free'
  )
  index.insert(near, 'a')
  t.strictSame(index.nearestFree({ within: [v4(0n, 19n)], near, size: 10n }), v4(0n, 9n), 'adjacent, below')
  t.equal(index.nearestFree({ within: [v4(0n, 19n)], near, size: 11n }), undefined, 'nothing fits')
  t.equal(index.nearestFree({ within: [v4(0n, 19n)], near, size: 0n }), undefined, 'size 0')
  t.equal(index.nearestFree({ within: [], near, size: 1n }), undefined)
  t.equal(index.nearestFree({ within: [familySpan(6)], near, size: 1n }), undefined, 'another family')
  const adjacentSubnets = [v4(20n, 24n), v4(25n, 29n)]
  t.equal(
    index.nearestFree({ within: adjacentSubnets, near, size: 6n }),
    undefined,
    'never across two spaces'
  )
  t.equal(index.nearestFree({ within: [familySpan(4)], near, size: 2n ** 32n }), undefined)
  t.strictSame(
    index.nearestFree({ within: [familySpan(4)], near, size: 2n ** 32n, skip: v => v === 'a' }),
    familySpan(4)
  )
  index.insert(near, 'b')
  const shared = { within: [near], near, size: 1n, skip: (v: string) => v === 'a' }
  t.equal(index.nearestFree(shared), undefined, 'another value on the very same range is not skipped with it')
  t.strictSame([...index.free(near, shared.skip)], [])
  const top: AddressRange = { family: 6, first: 2n ** 128n - 1n, last: 2n ** 128n - 1n }
  const below = { family: 6, first: top.first - 2n, last: top.first - 1n }
  const six = new RangeIndex<string>()
  six.insert(top, 'top')
  t.strictSame(
    six.nearestFree({ within: [familySpan(6)], near: top, size: 2n }),
    below,
    'nothing above the top'
  )
})

await test('remove() goes by identity', async t => {
  const index = new RangeIndex<{ name: string }>()
  const held = { name: 'a' }
  index.insert(familySpan(4), held)
  t.notOk(index.remove(familySpan(4), { name: 'a' }), 'an equal value is not the same one')
  t.notOk(index.remove(familySpan(6), held))
  t.ok(index.remove(familySpan(4), held))
  t.notOk(index.remove(familySpan(4), held))
  t.equal(index.size, 0)
})

function microseconds(count: number, run: (i: number) => void): number {
  const start = performance.now()
  for (let i = 0; i < count; i++) run(i)
  return ((performance.now() - start) * 1000) / count
}

/** Eight addresses each, scattered over IPv4 by Knuth's multiplicative hash. */
function spread(i: number): AddressRange {
  const first = BigInt(Math.imul(i, 2654435761) >>> 0) & 0xfffffff0n
  return v4(first, first + 7n)
}

/** Three addresses each, in ascending order with one free address between. */
function dense(i: number): AddressRange {
  return { family: 6, first: BigInt(i) * 4n, last: BigInt(i) * 4n + 2n }
}

await test('100,000 ranges stay cheap in every order of insertion', async t => {
  const count = 100_000
  const cases = [
    { order: 'spread', rangeOf: spread, noFit: { within: [familySpan(4)], size: 2n ** 31n } },
    {
      order: 'ascending',
      rangeOf: dense,
      noFit: { within: [{ ...dense(0), last: dense(count - 1).last }], size: 2n }
    }
  ]
  for (const { order, rangeOf, noFit } of cases) {
    const index = new RangeIndex<number>()
    const insert = microseconds(count, i => index.insert(rangeOf(i), i))
    const query = microseconds(count, i => [...index.overlapping(rangeOf(i))])
    const near = microseconds(10_000, i => {
      const self = rangeOf(i)
      return index.nearestFree({ within: [familySpan(self.family)], near: self, size: 1n })
    })
    const full = microseconds(1, () => index.nearestFree({ ...noFit, near: rangeOf(0) }))
    const remove = microseconds(count, i => index.remove(rangeOf(i), i))
    t.equal(index.size, 0)
    const figures = { insert, query, near, full, remove }
    t.comment(
      order,
      Object.entries(figures)
        .map(([name, us]) => `${name} ${us.toFixed(2)} us`)
        .join(', ')
    )
    // Loose on purpose: a loaded machine is slow, a linear search is a thousand times slower.
    t.ok(Math.max(insert, query, near, remove) < 100, 'microseconds each')
  }
  const wide = new RangeIndex<number>()
  for (let i = 0; i < count; i++) wide.insert(dense(i), i)
  wide.insert(familySpan(6), -1)
  const nested = microseconds(10_000, i => [...wide.overlapping(dense(i))])
  t.comment(`under one range over everything: query ${nested.toFixed(2)} us`)
  t.ok(nested < 100, 'one range over everything makes no search linear')
})
