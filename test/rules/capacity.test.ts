import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'tap'
import { formatAddress } from '../../src/address/format.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { buggyAddresses } from '../../src/rules/buggy-addresses.ts'
import { capacityOf } from '../../src/rules/capacity.ts'

const NAMESPACE = 'kmetal-metallb'

function planOf(...spec: readonly string[]): Plan {
  const head = ['apiVersion: poolguard.io/v1alpha1', 'kind: NetworkPlan', 'metadata: {name: test}', 'spec:']
  const lines = [`metallb: {namespace: ${NAMESPACE}}`, ...spec].map(line => `  ${line}`)
  return snapshotOf([{ path: 'plan.yaml', text: `${[...head, ...lines].join('\n')}\n` }]).plan
}

interface Pool {
  readonly addresses: readonly string[]
  readonly avoidBuggyIPs?: boolean
}

function inventoryOf(pools: Readonly<Record<string, Pool>>, services: readonly (readonly string[])[]): Inventory {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const [name, spec] of Object.entries(pools)) {
    inventory.putJson('IPAddressPool', { metadata: { name, namespace: NAMESPACE }, spec })
  }
  services.forEach((ips, i) => inventory.putJson('Service', service(`s${i}`, ips)))
  return inventory
}

function service(name: string, ips: readonly string[], type = 'LoadBalancer'): object {
  const ingress = ips.map(ip => ({ ip }))
  return { metadata: { name, namespace: 'web' }, spec: { type }, status: { loadBalancer: { ingress } } }
}

await test('buggyAddresses() counts what ends in .0 or .255', async t => {
  const isBuggy = (address: number) => address % 256 === 0 || address % 256 === 255
  for (const base of [0, 0x0a000000, 2 ** 32 - 1024]) {
    const space = Array.from({ length: 1024 }, (_, i) => base + i)
    const pairs = space.flatMap((first, i) => [0, 1, 254, 255, 256, 511].map(more => ({ first, last: space[i + more] })))
    const wrong = pairs.filter(({ first, last }) => {
      if (last === undefined) return false
      const expected = space.filter(address => first <= address && address <= last && isBuggy(address)).length
      return buggyAddresses({ family: 4, first: BigInt(first), last: BigInt(last) }) !== BigInt(expected)
    })
    t.same(wrong, [])
  }
  t.equal(buggyAddresses({ family: 4, first: 0n, last: 2n ** 32n - 1n }), 2n ** 25n, '0.0.0.0/0: two a /24')
  t.equal(buggyAddresses({ family: 6, first: 0n, last: 511n }), 0n, 'IPv6 has none')
})

await test('capacityOf() tells size, used, unusable and free of a pool', async t => {
  const inventory = inventoryOf(
    {
      'default-pool': { addresses: ['192.168.1.100-192.168.1.199'] },
      buggy: { addresses: ['10.0.0.0/24', '10.0.0.128/25', '10.0.1.5/32'], avoidBuggyIPs: true },
      broken: { addresses: ['10.0.0.300/32'] }
    },
    [['192.168.1.100'], ['192.168.1.100', '192.168.1.101'], ['192.168.1.200'], ['10.0.0.0', '10.0.0.1']]
  )
  inventory.putJson('Service', service('internal', ['192.168.1.150'], 'ClusterIP'))
  inventory.putJson('IPAddressPool', {
    metadata: { name: 'elsewhere', namespace: 'default' },
    spec: { addresses: ['192.168.1.0/24'] }
  })
  const { pools, unknown, allocations } = capacityOf(inventory, planOf())
  t.same(unknown, [])
  t.same(allocations, [])
  t.same(
    pools.map(({ families: _, ...rest }) => rest),
    [
      { pool: 'broken', size: 0, used: 0, unusable: 0, free: 0, usedPercent: null, level: null },
      // .255 is unusable, .0 held all the same, by a Service from before avoidBuggyIPs
      { pool: 'buggy', size: 257, used: 2, unusable: 1, free: 254, usedPercent: 0.78, level: 'ok' },
      { pool: 'default-pool', size: 100, used: 2, unusable: 0, free: 98, usedPercent: 2, level: 'ok' }
    ]
  )
})

await test('capacityOf() goes by the fullest family, and keeps large numbers apart', async t => {
  const dual = { addresses: ['10.0.0.1-10.0.0.4', 'fd00::/64'] }
  const { pools } = capacityOf(inventoryOf({ dual }, [['10.0.0.1', 'fd00::1'], ['10.0.0.2']]), planOf())
  t.match(pools, [
    {
      pool: 'dual',
      size: 2 ** 64 + 4,
      used: 3,
      usedPercent: 50,
      level: 'ok',
      families: [
        { family: 4, size: 4, used: 2, free: 2, usedPercent: 50 },
        { family: 6, size: 2 ** 64, used: 1, usedPercent: 0, level: 'ok' }
      ]
    }
  ])
  t.ok(JSON.parse(JSON.stringify(pools)), 'plain JSON')
})

await test('capacityOf() names the level by the thresholds of the plan, exactly', async t => {
  const ips = (n: number) => Array.from({ length: n }, (_, i) => `10.0.0.${i}`)
  const level = (used: number, ...spec: readonly string[]) =>
    capacityOf(inventoryOf({ p: { addresses: ['10.0.0.0-10.0.0.99'] } }, [ips(used)]), planOf(...spec)).pools[0]
      ?.level
  t.same([0, 79, 80, 94, 95, 100].map(used => level(used)), [
    'ok',
    'ok',
    'warning',
    'warning',
    'critical',
    'critical'
  ])
  const own = 'capacity: {warnPercent: 10, criticalPercent: 20}'
  t.same([9, 10, 19, 20].map(used => level(used, own)), ['ok', 'warning', 'warning', 'critical'])
  const none = inventoryOf({ p: { addresses: ['10.0.0.0/32'], avoidBuggyIPs: true } }, [])
  t.match(capacityOf(none, planOf()).pools, [{ unusable: 1, free: 0, usedPercent: 100, level: 'critical' }])
})

await test('capacityOf() tells how allocations are used, pooled or not', async t => {
  const inventory = inventoryOf(
    { a: { addresses: ['10.0.0.0/28', '10.0.1.0/24'] }, b: { addresses: ['10.0.0.250-10.0.1.9'], avoidBuggyIPs: true } },
    [['10.0.0.1'], ['10.0.0.100'], ['10.9.9.9']]
  )
  const plan = planOf(
    'allocations:',
    '- {range: 10.0.0.0/24, purpose: web}',
    '- {range: 10.0.1.0-10.0.1.15, announcement: bgp}',
    "- {range: 'fd00::/64'}"
  )
  t.same(capacityOf(inventory, plan).allocations, [
    {
      allocation: '10.0.0.0/24',
      purpose: 'web',
      announcement: 'l2',
      size: 256,
      // .100 is in no pool and held all the same
      used: 2,
      unusable: 1,
      free: 20,
      pooled: 22,
      unpooled: 233
    },
    // both pools have .0, and one gives it out
    {
      allocation: '10.0.1.0-10.0.1.15',
      purpose: '',
      announcement: 'bgp',
      size: 16,
      used: 0,
      unusable: 0,
      free: 16,
      pooled: 16,
      unpooled: 0
    },
    {
      allocation: 'fd00::/64',
      purpose: '',
      announcement: 'l2',
      size: 2 ** 64,
      used: 0,
      unusable: 0,
      free: 0,
      pooled: 0,
      unpooled: 2 ** 64
    }
  ])
})

await test('capacityOf() never takes what it does not know for nothing', async t => {
  const plan = planOf('allocations: [{range: 10.0.0.0/24}]')
  const inventory = inventoryOf({ p: { addresses: ['10.0.0.0/28'] } }, [['10.0.0.1']])
  inventory.setKnown('Service', false)
  t.match(capacityOf(inventory, plan), {
    unknown: ['Service'],
    pools: [
      {
        size: 16,
        used: null,
        unusable: null,
        free: null,
        usedPercent: null,
        level: null,
        families: [{ size: 16, used: null, level: null }]
      }
    ],
    allocations: [{ size: 256, used: null, unusable: null, free: null, pooled: 16, unpooled: null }]
  })
  inventory.setKnown('Service', true)
  inventory.setKnown('IPAddressPool', false)
  t.match(capacityOf(inventory, plan), {
    unknown: ['IPAddressPool'],
    pools: [{ used: 1, free: 15 }],
    allocations: [{ size: 256, used: null, free: null, pooled: null, unpooled: null }]
  })
})

/** Addresses 10.0.0.0 to 10.0.2.255, the space of the oracle: every number counted one by one. */
const SPACE = 768
const text = (i: number) => formatAddress(4, 0x0a000000n + BigInt(i))
const span = fc
  .tuple(fc.integer({ min: 0, max: SPACE - 1 }), fc.integer({ min: 0, max: 300 }))
  .map(([first, length]) => ({ first, last: Math.min(SPACE - 1, first + length) }))
const spec = fc.record({ spans: fc.array(span, { minLength: 1, maxLength: 4 }), avoid: fc.boolean() })

await test('capacityOf() agrees with counting every address by itself', async t => {
  const property = fc.property(
    fc.array(spec, { maxLength: 4 }),
    fc.array(fc.oneof(fc.integer({ min: 0, max: SPACE - 1 }), fc.constantFrom(0, 255, 256, 511, 512, 767)), {
      maxLength: 60
    }),
    span,
    (pools, held, allocation) => {
      const addresses = ({ spans }: typeof pools[number]) => spans.map(s => `${text(s.first)}-${text(s.last)}`)
      const named = Object.fromEntries(
        pools.map((pool, i) => [`p${i}`, { addresses: addresses(pool), avoidBuggyIPs: pool.avoid }])
      )
      const plan = planOf(`allocations: [{range: ${text(allocation.first)}-${text(allocation.last)}}]`)
      const got = capacityOf(inventoryOf(named, held.map(i => [text(i)])), plan)
      const all = Array.from({ length: SPACE }, (_, i) => i)
      const isBuggy = (i: number) => i % 256 === 0 || i % 256 === 255
      const isIn = ({ spans }: typeof pools[number], i: number) => spans.some(s => s.first <= i && i <= s.last)
      const gives = (pool: typeof pools[number], i: number) => isIn(pool, i) && !(pool.avoid && isBuggy(i))
      const count = (holds: (i: number) => boolean) => all.filter(holds).length
      const isHeld = (i: number) => held.includes(i)
      pools.forEach((pool, p) => {
        const { size, used, unusable, free } = got.pools[p] ?? assert.fail('no pool')
        assert.deepEqual([size, used, unusable, free], [
          count(i => isIn(pool, i)),
          count(i => isIn(pool, i) && isHeld(i)),
          count(i => isIn(pool, i) && !gives(pool, i) && !isHeld(i)),
          count(i => gives(pool, i) && !isHeld(i))
        ])
      })
      const inRange = (i: number) => allocation.first <= i && i <= allocation.last
      const isPooled = (i: number) => pools.some(pool => isIn(pool, i))
      const isGiven = (i: number) => pools.some(pool => gives(pool, i))
      const { size, used, unusable, free, pooled, unpooled } = got.allocations[0] ?? assert.fail('none')
      assert.deepEqual([size, used, unusable, free, pooled, unpooled], [
        count(inRange),
        count(i => inRange(i) && isHeld(i)),
        count(i => inRange(i) && isPooled(i) && !isGiven(i) && !isHeld(i)),
        count(i => inRange(i) && isGiven(i) && !isHeld(i)),
        count(i => inRange(i) && isPooled(i)),
        count(i => inRange(i) && !isPooled(i) && !isHeld(i))
      ])
    }
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})
