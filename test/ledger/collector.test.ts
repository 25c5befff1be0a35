import { test } from 'tap'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { KindName } from '../../src/kinds/index.ts'
import { refKey } from '../../src/kinds/object-ref.ts'
import { blankLedger, decodeLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { Collector } from '../../src/ledger/collector.ts'
import { Guard } from '../../src/ledger/guard.ts'
import { withClaim, type Taking } from '../../src/ledger/growing-write.ts'
import { COLLECT_EVERY_MS, TTL_MS } from '../../src/ledger/limits.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { LedgerPorts, StoredObject } from '../../src/ledger/ports.ts'
import { memoryStore } from '../faults/ledger-part.ts'

const POOL = { kind: 'IPAddressPool', namespace: 'metallb-system', name: 'x' } as const
const SUBNET = { kind: 'Subnet', namespace: '', name: 's' } as const
const IDENTITY = { version: '1', lineage: 'memory' }

function writeOf(more: Partial<Taking> = {}): Taking {
  const taken = [
    { domain: 'metallb', field: 'f', ranges: [{ family: 4, first: 1n, last: 9n } as const] }
  ] as const
  const who = { requester: 'me', tenant: '' }
  return { owner: POOL, uid: 'u', replaces: 0n, ...who, taken, ...more }
}

/** One replica's collector and guard, on a ledger that holds claims of these writes and asks for revision 10 of each kind. */
class World {
  readonly stored = new Map<string, StoredObject | null>()
  readonly lists: (readonly KindName[])[] = []
  readonly kinds: readonly KindName[] = ['IPAddressPool', 'Subnet', 'Vpc']
  areRevisionsComparable = true
  canList = true
  ms = 0
  private readonly store
  private readonly collector
  private readonly guard
  private ids = 0

  constructor(...writes: readonly Taking[]) {
    const minRevision = new Map(this.kinds.map(kind => [kind, 10n]))
    const blank: Ledger = { ...blankLedger(IDENTITY), minRevision }
    const ledger = writes.reduce((sum, write) => withClaim(sum, write, this.newId()), blank)
    this.store = memoryStore(encodeLedger(ledger))
    this.collector = new Collector(this.ports())
    this.guard = new Guard(this.ports())
  }

  /** `undefined`: it cannot be read. */
  stores(object: Partial<StoredObject> | null | undefined, owner: Taking['owner'] = POOL): this {
    this.stored.delete(refKey(owner))
    const whole = object && { uid: 'u', revision: 50n, ...object }
    if (whole !== undefined) this.stored.set(refKey(owner), whole)
    return this
  }

  /** A round, after some time. */
  async collect(afterMs = 0) {
    this.ms += afterMs
    return this.collector.collect()
  }

  admit(write: Taking) {
    const grows = { ...write, takenOn: () => write.taken, isDryRun: false, sinceMs: this.ms }
    return this.guard.admit(grows, passes)
  }

  async expire() {
    await this.collect()
    return this.collect(TTL_MS)
  }

  get ledger() {
    const read = decodeLedger(this.store.text(), IDENTITY)
    return read.ok ? read.ledger : blankLedger(IDENTITY)
  }

  private newId(): string {
    return String((this.ids += 1))
  }

  private ports(): LedgerPorts {
    const areComparable = () => this.areRevisionsComparable
    return {
      store: this.store,
      objects: {
        get areRevisionsComparable() {
          return areComparable()
        },
        view: () => new Inventory(),
        revision: () => 60n,
        timesReplaced: 0,
        list: async kinds => {
          this.lists.push(kinds)
          return this.canList
        },
        stored: async () => this.stored
      },
      clock: {
        nowMs: () => this.ms,
        sleep: async ms => void (this.ms += ms),
        within: work => work,
        random: () => 0
      },
      newId: () => this.newId(),
      observe: () => {}
    }
  }
}

const passes = async () => ({ denies: false, said: undefined })

await test('a CREATE is over once an object of its uid is stored, whatever that holds by now', async t => {
  const world = new World(writeOf())
  t.match(await world.stores({ uid: 'other' }).collect(), { inFlight: 1 }, 'somebody else made one')
  t.match(await world.stores(null).collect(), { inFlight: 1 }, 'none yet')
  t.match(await world.stores({}).collect(), { inFlight: 0, stored: 1, expired: 0 })
  t.equal(world.ledger.minRevision.get('IPAddressPool'), 50n)
  t.equal(world.ledger.minRevision.get('Subnet'), 10n)
})

await test('an UPDATE is over once the revision that it replaces is replaced', async t => {
  const world = new World(writeOf({ replaces: 49n }))
  for (const [object, why] of [
    [{ revision: 49n }, 'not yet'],
    [{ revision: 48n }, 'an old read'],
    [{ revision: undefined }, 'no number'],
    [{ uid: 'other' }, 'another object'],
    [null, 'deleted']
  ] as const)
    t.match(await world.stores(object).collect(), { inFlight: 1 }, why)
  world.areRevisionsComparable = false
  t.match(await world.stores({}).collect(), { inFlight: 1 }, 'nothing is said by revisions')
  world.areRevisionsComparable = true
  t.match(await world.stores({}).collect(), { inFlight: 0, stored: 1 })
  const unknown = new World(writeOf({ replaces: undefined })).stores({})
  t.match(await unknown.collect(), { inFlight: 1 })
  t.match(await unknown.collect(TTL_MS), { inFlight: 0, expired: 1 })
})

await test('each attempt of a CREATE ends by itself, and the claim with the last', async t => {
  const world = new World(writeOf({ uid: 'a' }))
  await world.collect()
  world.ms += 60_000
  await world.admit(writeOf({ uid: 'b' }))
  t.match(await world.stores({ uid: 'b' }).collect(), { inFlight: 1, stored: 1, expired: 0 })
  t.match(world.ledger.claims, [{ attempts: [{ uid: 'a' }] }], 'which may come when that one is deleted')
  t.match(await world.collect(59_999), { inFlight: 1 })
  t.match(await world.collect(1), { inFlight: 0, stored: 0, expired: 1 }, 'by its own time')
})

await test('attempts without uid end by the time of the last of them', async t => {
  const world = new World(writeOf({ uid: 'a' }), writeOf({ uid: 'b' }), writeOf({ uid: 'c' }))
  t.match(await world.stores({ uid: 'c' }).collect(), { inFlight: 1, stored: 1 })
  t.match(world.ledger.claims, [{ attempts: [{ uid: '', id: '2' }] }])
  t.match(await world.stores({ uid: '' }).collect(), { inFlight: 1, stored: 0 })
  t.match(await world.collect(TTL_MS), { inFlight: 0, expired: 1 })
})

await test('other ranges of the same object do not renew a claim', async t => {
  const world = new World(writeOf()).stores(null)
  await world.collect()
  const other = [{ domain: 'metallb', field: 'f', ranges: [{ family: 4, first: 20n, last: 20n } as const] }]
  for (let minute = 1; minute <= 2; minute++) {
    world.ms += 60_000
    t.match(await world.admit(writeOf({ taken: other, uid: `u${minute}` })), {
      outcome: 'passed'
    })
    await world.collect()
  }
  t.match(world.ledger.claims, [{ taken: other, attempts: [{ uid: 'u1' }, { uid: 'u2' }] }])
})

await test('a claim whose object cannot be read goes in time, and its kind is listed before anything passes', async t => {
  const subnet = writeOf({ owner: SUBNET })
  const world = new World(writeOf(), subnet).stores(undefined).stores({}, SUBNET)
  t.match(await world.collect(), { inFlight: 1, stored: 1, expired: 0 })
  t.match(await world.collect(TTL_MS - 1), { inFlight: 1 }, 'it may yet be stored')
  t.match(await world.collect(COLLECT_EVERY_MS), { inFlight: 0, expired: 1 })
  t.strictSame([...world.ledger.minRevision.keys()], ['Subnet', 'Vpc'])
  world.canList = false
  const asks = () => world.admit(writeOf({ owner: { ...POOL, name: 'y' } }))
  t.match(await asks(), { outcome: 'retry', why: 'unreadable' })
  t.ok(world.lists[0]?.includes('IPAddressPool'))
  t.notOk(world.lists[0]?.includes('Subnet'))
  world.canList = true
  t.match(await asks(), { outcome: 'passed' })
  t.equal(world.ledger.minRevision.get('IPAddressPool'), 60n, 'as of the list')
})

await test('what is not there when its time is up was never stored, and asks for no list', async t => {
  const world = new World(writeOf()).stores(null)
  t.match(await world.expire(), { expired: 1 })
  t.equal(world.ledger.minRevision.get('IPAddressPool'), 10n)
})

await test('a kind that must be listed is not said to be known by an object that is', async t => {
  const [unread, read] = [writeOf({ owner: { ...POOL, name: 'unread' } }), writeOf()]
  for (const writes of [
    [unread, read],
    [read, unread]
  ]) {
    const together = new World(...writes).stores({ uid: 'other' })
    t.match(await together.expire(), { expired: 2 })
    t.equal(together.ledger.minRevision.has('IPAddressPool'), false, 'in one round')
  }
  const later = new World(unread, read).stores(null)
  await later.collect(60_000)
  later.ms += 60_000
  await later.admit(read)
  t.match(await later.collect(60_000), { inFlight: 1, expired: 1 })
  t.equal(later.ledger.minRevision.has('IPAddressPool'), false)
  t.match(await later.stores({}).collect(), { inFlight: 0, stored: 1 })
  t.equal(later.ledger.minRevision.has('IPAddressPool'), false, 'in a later round')
  await later.admit(writeOf({ owner: SUBNET }))
  t.equal(later.ledger.minRevision.has('IPAddressPool'), true, 'once it is listed')
  const numberless = new World(writeOf()).stores({ revision: undefined })
  t.match(await numberless.collect(), { stored: 1 })
  t.equal(numberless.ledger.minRevision.has('IPAddressPool'), false, 'at no known revision')
})
