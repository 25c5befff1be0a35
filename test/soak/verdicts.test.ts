import { test } from 'tap'
import { standsAs, specOf, type AreaObject } from '../cluster/soak/area-objects.ts'
import { judgeContest } from '../cluster/soak/contest.ts'
import { readFlags } from '../cluster/soak/flags.ts'
import { residentOver } from '../cluster/soak/resident.ts'
import { parseMetrics } from '../cluster/soak/scrapes.ts'
import { overlaps, type Stored } from '../cluster/race/stored.ts'

await test('of a contest one at most may be stored, and one has to be when nothing failed', async t => {
  t.same(judgeContest(['passed', 'refused'], 1), { wronglyStored: 0, isEmpty: false })
  t.same(judgeContest(['passed', 'passed', 'passed'], 3), { wronglyStored: 2, isEmpty: false })
  t.same(judgeContest(['passed', 'unknown'], 2), { wronglyStored: 1, isEmpty: false }, 'whoever answered')
  t.same(judgeContest(['refused', 'refused'], 0), { wronglyStored: 0, isEmpty: true })
  t.same(judgeContest(['refused', 'deferred'], 0), { wronglyStored: 0, isEmpty: false }, 'a busy ledger')
  t.same(judgeContest(['refused', 'wrong'], 0), { wronglyStored: 0, isEmpty: true })
  t.same(judgeContest(['refused', 'unknown'], 0), { wronglyStored: 0, isEmpty: false }, 'the winner failed')
})

const MIB = 1024 * 1024
const RUN = { startMs: 1_000, endMs: 401_000 }

/** MiB of each quarter, three samples a quarter. */
function samples(...quarters: readonly number[]) {
  return quarters.flatMap((mib, quarter) =>
    [10_000, 50_000, 90_000].map(ms => ({ atMs: 1_000 + quarter * 100_000 + ms, bytes: mib * MIB }))
  )
}

await test('memory is flat unless the last quarter has much more than the second', async t => {
  t.same(residentOver(samples(50, 100, 500, 120), RUN), {
    firstMiB: 100,
    lastMiB: 120,
    ratio: 1.2,
    isFlat: true
  })
  t.match(residentOver(samples(10, 100, 100, 133), RUN), { ratio: 1.33, isFlat: false }, 'both bounds')
  t.match(residentOver(samples(10, 100, 100, 132), RUN), { isFlat: true }, '32 MiB are none')
  t.match(residentOver(samples(10, 400, 400, 480), RUN), { isFlat: true }, 'nor is a fifth')
  t.match(residentOver(samples(10, 400, 400, 481), RUN), { isFlat: false })
  t.match(residentOver(samples(10, 400, 400, 200), RUN), { ratio: 0.5, isFlat: true }, 'less is well')
  const peak = { atMs: 395_000, bytes: 900 * MIB }
  t.match(residentOver([...samples(50, 100, 100, 100), peak], RUN), { lastMiB: 100, isFlat: true }, 'a peak')
  t.match(residentOver(samples(50, 100, 100, 100).toReversed(), RUN), { firstMiB: 100 }, 'in any order')
  t.equal(residentOver(samples(50, 100, 100), RUN), undefined, 'a quarter without samples')
  t.equal(residentOver([], RUN), undefined)
})

await test('metrics are read by series', async t => {
  const text = '# HELP a b\n# TYPE a gauge\na 1\nb{c="d e"} 2.5e6\n'
  t.strictSame(
    [...parseMetrics(text)],
    [
      ['a', 1],
      ['b{c="d e"}', 2_500_000]
    ]
  )
})

await test('what an area holds', async t => {
  const pool: AreaObject = { kind: 'IPAddressPool', name: 'p', area: 3, first: 64, last: 95 }
  const subnet: AreaObject = { kind: 'Subnet', name: 's', area: 3, first: 66, last: 95 }
  t.same(specOf(pool), { addresses: ['10.32.3.64-10.32.3.95'], autoAssign: false })
  t.match(specOf(subnet), {
    cidrBlock: '10.32.3.64/26',
    gateway: '10.32.3.65',
    excludeIps: ['10.32.3.65', '10.32.3.96..10.32.3.126']
  })
  t.same(specOf({ ...subnet, last: 126 }), { ...specOf(subnet), excludeIps: ['10.32.3.65'] })
  t.ok(standsAs({ spec: specOf(pool) }, pool))
  t.notOk(standsAs({ spec: specOf(pool) }, { ...pool, last: 96 }))
  t.notOk(standsAs(undefined, pool))
  const sorted = { spec: { excludeIps: ['10.32.3.96..10.32.3.126', '10.32.3.65'] } }
  t.ok(standsAs(sorted, subnet), 'in whatever order Kube-OVN puts them')
  t.notOk(standsAs(sorted, { ...subnet, last: 126 }))
})

function stored(kind: Stored['kind'], name: string, first: number, last = first): Stored {
  return { kind, name, ranges: [[first, last]] }
}

await test('who may hold addresses in common', async t => {
  const subnet = stored('Subnet', 's', 0, 255)
  const pairs = [
    [[subnet, stored('Vip', 'v', 5)], []],
    [[subnet, stored('OvnEip', 'e', 5)], []],
    [[stored('Vip', 'v', 5), stored('OvnEip', 'e', 5)], ['Vip v and OvnEip e']],
    [[stored('Vip', 'v', 5), stored('Vip', 'w', 5)], ['Vip v and Vip w']],
    [[stored('IPAddressPool', 'p', 0, 9), stored('Vip', 'v', 5)], ['IPAddressPool p and Vip v']],
    [[subnet, stored('IPAddressPool', 'p', 255, 300)], ['Subnet s and IPAddressPool p']],
    [[subnet, stored('IPAddressPool', 'p', 256, 300)], []]
  ] as const
  for (const [all, expected] of pairs) t.same(overlaps(all), expected, all.map(({ name }) => name).join())
})

await test('flags', async t => {
  t.match(readFlags(['--seed', '7']), { minutes: 5, replicas: 3, faultSeconds: 0, seed: 7 })
  t.match(readFlags(['--minutes', '30', '--faults', '30']), { minutes: 30, faultSeconds: 30 })
  t.equal(readFlags(['-h']), 'help')
  t.match(readFlags(['--minutes', '0', '--rate', 'x']), 'minutes, rate')
  t.type(readFlags(['--faults=-1']), 'string')
})
