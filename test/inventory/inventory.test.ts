import * as fc from 'fast-check'
import { test } from 'tap'
import { formatAddress } from '../../src/address/format.ts'
import type { AddressRange } from '../../src/address/range.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { View } from '../../src/inventory/view.ts'
import type { Claim } from '../../src/kinds/claim.ts'

const BASE = 0x0a000000n
const NOBODY = { kind: 'IPAddressPool', namespace: 'm', name: 'nobody' }

function range(first: number, last: number): AddressRange {
  return { family: 4, first: BASE + BigInt(first), last: BASE + BigInt(last) }
}

function text({ family, first, last }: AddressRange): string {
  return `${formatAddress(family, first)}-${formatAddress(family, last)}`
}

function pool(name: string, addresses: readonly string[], metadata: object = {}) {
  return { metadata: { name, namespace: 'm', ...metadata }, spec: { addresses } }
}

function held(view: View, domains: readonly string[], within: AddressRange): string[] {
  return [...view.overlapping(domains, within)].map(claim => `${claim.holder.name} ${text(claim.range)}`)
}

const ALL = range(0, 255)

await test('put() replaces what the object claimed before, delete() takes it out', async t => {
  const inventory = new Inventory()
  inventory.putJson('IPAddressPool', pool('a', ['10.0.0.0-10.0.0.9', '10.0.0.20-10.0.0.29']))
  t.same(held(inventory, ['metallb'], ALL), ['a 10.0.0.0-10.0.0.9', 'a 10.0.0.20-10.0.0.29'])
  inventory.putJson('IPAddressPool', pool('a', ['10.0.0.5-10.0.0.6', 'nonsense']))
  t.same(held(inventory, ['metallb'], ALL), ['a 10.0.0.5-10.0.0.6'])
  t.same(held(inventory, ['nodes'], ALL), [], 'another domain')
  inventory.delete('IPAddressPool', 'm', 'a')
  inventory.delete('IPAddressPool', 'm', 'never')
  t.same(held(inventory, ['metallb'], ALL), [])
  t.equal(inventory.get('IPAddressPool', 'm', 'a'), undefined)
})

await test('putJson() stores nothing of an object with wrong types', async t => {
  const inventory = new Inventory()
  inventory.putJson('IPAddressPool', pool('a', ['10.0.0.0/30']))
  t.match(
    inventory.putJson('IPAddressPool', { metadata: { name: 'a', namespace: 'm' }, spec: { addresses: 'x' } }),
    [{ field: 'spec.addresses', expected: 'array' }]
  )
  t.same(held(inventory, ['metallb'], ALL), ['a 10.0.0.0-10.0.0.3'], 'what was there stays')
})

await test('replace() is the whole truth about its kind and makes it known', async t => {
  const inventory = new Inventory()
  t.equal(inventory.known('IPAddressPool'), false)
  inventory.putJson('IPAddressPool', pool('a', ['10.0.0.0/30']))
  inventory.putJson('Namespace', { metadata: { name: 'kept' } })
  inventory.replace('IPAddressPool', [])
  t.equal(inventory.known('IPAddressPool'), true)
  t.same(held(inventory, ['metallb'], ALL), [])
  t.ok(inventory.get('Namespace', '', 'kept'))
  inventory.setKnown('IPAddressPool', false)
  t.equal(inventory.known('IPAddressPool'), false)
})

await test('objects named like members of Object are objects like others', async t => {
  const inventory = new Inventory()
  for (const name of ['constructor', '__proto__', 'toString', 'valueOf']) {
    t.equal(inventory.get('Namespace', '', name), undefined, name)
    inventory.putJson('Namespace', { metadata: { name, labels: { constructor: 'x' } } })
    t.equal(inventory.get('Namespace', '', name)?.meta.labels.get('constructor'), 'x')
  }
})

await test('with() lays claims over the view and leaves the inventory alone', async t => {
  const inventory = new Inventory()
  inventory.putJson('IPAddressPool', pool('a', ['10.0.0.0-10.0.0.9']))
  const claim: Claim = {
    domain: 'plan',
    range: range(10, 19),
    holder: { kind: 'NetworkPlan', namespace: '', name: 'dc1' },
    field: 'spec',
    state: 'plan'
  }
  const view = inventory.with([claim]).with([{ ...claim, range: range(20, 29) }])
  t.equal(held(view, ['metallb', 'plan'], ALL).length, 3)
  t.equal(held(inventory, ['metallb', 'plan'], ALL).length, 1)
  const search = { domains: ['metallb', 'plan'], within: [ALL], near: range(0, 4), size: 5n, except: NOBODY }
  t.same(view.nearestFree(search), range(30, 34))
  t.same(inventory.nearestFree(search), range(10, 14))
  t.same(view.nearestFree({ ...search, except: claim.holder }), range(10, 14))
  t.equal(view.nearestFree({ ...search, size: 300n }), undefined)
})

/** Three domains whose claims come from three kinds, and what each address of the window is held by. */
const claimArbitrary = fc.record({
  kind: fc.constantFrom('IPAddressPool', 'Subnet', 'Node'),
  first: fc.integer({ min: 0, max: 255 }),
  size: fc.integer({ min: 1, max: 40 })
})

await test('nearestFree() over several domains agrees with trying every place', async t => {
  fc.assert(
    fc.property(
      fc.array(claimArbitrary, { maxLength: 12 }),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 1, max: 30 }),
      (claims, near, size) => {
        const inventory = new Inventory()
        const taken = new Set<number>()
        claims.forEach(({ kind, first, size: length }, i) => {
          const last = kind === 'Node' ? first : Math.min(first + length - 1, 255)
          for (let address = first; address <= last; address++) taken.add(address)
          store(inventory, kind, { name: `o${i}`, ...range(first, last) })
        })
        const domains = ['metallb', 'nodes', ...claims.map((_, i) => `subnet:o${i}`)]
        const search = { domains, within: [ALL], near: range(near, near), size: BigInt(size), except: NOBODY }
        return isBest(inventory.nearestFree(search), bruteForce(taken, near, size), { taken, near, size })
      }
    ),
    {
      numRuns: 400,
      examples: [
        [
          [
            { kind: 'Subnet', first: 0, size: 1 },
            { kind: 'IPAddressPool', first: 1, size: 1 }
          ],
          0,
          1
        ]
      ]
    }
  )
  t.pass('no counterexample')
})

function store(
  inventory: Inventory,
  kind: string,
  { name, ...at }: AddressRange & { readonly name: string }
): void {
  if (kind === 'IPAddressPool') inventory.putJson('IPAddressPool', pool(name, [text(at)]))
  else if (kind === 'Node') {
    const address = formatAddress(4, at.first)
    inventory.putJson('Node', {
      metadata: { name },
      status: { addresses: [{ type: 'InternalIP', address }] }
    })
  } else {
    // The window lies inside of the prefix: its first and last addresses are never given out.
    const outside = [`8.0.0.0..${formatAddress(4, at.first - 1n)}`, `10.0.1.0..11.255.255.255`]
    if (at.last < BASE + 255n) outside.push(`${formatAddress(4, at.last + 1n)}..10.0.0.255`)
    inventory.putJson('Subnet', {
      metadata: { name },
      spec: { cidrBlock: '8.0.0.0/6', excludeIps: outside, vlan: 'v' }
    })
  }
}

interface Asked {
  readonly taken: ReadonlySet<number>
  readonly near: number
  readonly size: number
}

/** The answer has the size, is free, and no other place is nearer. */
function isBest(found: AddressRange | undefined, best: number | undefined, asked: Asked): boolean {
  if (found === undefined || best === undefined) return found === undefined && best === undefined
  const { taken, near, size } = asked
  const first = Number(found.first - BASE)
  const addresses = Array.from({ length: size }, (_, i) => first + i)
  const isFree = addresses.every(address => address >= 0 && address < 256 && !taken.has(address))
  const isRightSize = found.last - found.first + 1n === BigInt(size)
  return isFree && isRightSize && distance(first, size, near) === distance(best, size, near)
}

/** The free place with the fewest addresses between it and `near`; the higher one on a tie. */
function bruteForce(taken: ReadonlySet<number>, near: number, size: number): number | undefined {
  let best: number | undefined
  for (let first = 0; first + size <= 256; first++) {
    const isFree = Array.from({ length: size }, (_, i) => first + i).every(address => !taken.has(address))
    if (isFree && (best === undefined || distance(first, size, near) <= distance(best, size, near)))
      best = first
  }
  return best
}

function distance(first: number, size: number, near: number): number {
  if (first > near) return first - near - 1
  return Math.max(near - (first + size - 1) - 1, 0)
}
