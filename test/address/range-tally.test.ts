import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { RangeTally } from '../../src/address/range-tally.ts'
import { intersect, rangeSize, type AddressRange, type Family } from '../../src/address/range.ts'

/** Windows at both ends of both families. */
const WINDOWS: readonly (readonly [Family, bigint])[] = [
  [4, 0n],
  [4, 2n ** 32n - 256n],
  [6, 0n],
  [6, 2n ** 128n - 256n]
]

const range = fc
  .tuple(fc.constantFrom(...WINDOWS), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 60 }))
  .map(([[family, base], first, length]): AddressRange => ({
    family,
    first: base + BigInt(first),
    last: base + BigInt(Math.min(255, first + length))
  }))

/** Even addresses, as something that only some have. */
const even = ({ first, last }: AddressRange) => last / 2n - (first + 1n) / 2n + 1n

await test('within() counts what the union and a range share, however they lie', async t => {
  const property = fc.property(fc.array(range, { maxLength: 15 }), range, (ranges, asked) => {
    const shared = intersect(ranges, [asked])
    const total = (measure: (of: AddressRange) => bigint) =>
      shared.reduce((sum, one) => sum + measure(one), 0n)
    assert.equal(new RangeTally(ranges).within(asked), total(rangeSize))
    assert.equal(new RangeTally(ranges, even).within(asked), total(even))
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 3_000 }))
})

await test('within() answers at once however many ranges it meets', async t => {
  const ranges = Array.from({ length: 20_000 }, (_, i): AddressRange => {
    return { family: 4, first: BigInt(2 * i), last: BigInt(2 * i) }
  })
  const tally = new RangeTally(ranges)
  const before = process.cpuUsage()
  const counts = ranges.map(({ last }) => tally.within({ family: 4, first: 0n, last }))
  const cpuMs = process.cpuUsage(before).user / 1_000
  t.same([counts[0], counts[19_999]], [1n, 20_000n])
  t.ok(cpuMs < 500, `${cpuMs} ms; one by one it would be 200 million ranges`)
})
