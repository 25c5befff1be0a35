import { test } from 'tap'
import { cidrBlocks } from '../../src/address/cidr-blocks.ts'
import { parseRange, PLAN_FORMS } from '../../src/address/parse.ts'
import { merge, type AddressRange } from '../../src/address/range.ts'

function range(text: string): AddressRange {
  const parsed = parseRange(text, PLAN_FORMS)
  if (!parsed.ok) throw new Error(text)
  return parsed.range
}

await test('a range as CIDRs', async t => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['10.0.0.7', ['10.0.0.7/32']],
    ['10.0.0.0/24', ['10.0.0.0/24']],
    ['10.0.0.1-10.0.0.6', ['10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/31', '10.0.0.6/32']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['255.255.255.254-255.255.255.255', ['255.255.255.254/31']],
    ['::/0', ['::/0']],
    ['fd00::-fd00::1:ffff', ['fd00::/111']],
    ['fd00::1-fd00::2', ['fd00::1/128', 'fd00::2/128']]
  ]
  for (const [text, blocks] of cases) t.same(cidrBlocks(range(text)), blocks, text)
})

await test('together they are the range, whatever its ends', async t => {
  for (let first = 0n; first < 40n; first++) {
    for (let last = first; last < 40n; last++) {
      const whole: AddressRange = { family: 4, first, last }
      t.same(merge(cidrBlocks(whole).map(range)), [whole])
    }
  }
  t.equal(cidrBlocks({ family: 4, first: 1n, last: 2n ** 32n - 2n }).length, 62)
  t.equal(cidrBlocks({ family: 6, first: 1n, last: 2n ** 128n - 2n }).length, 254)
})
