import { test } from 'tap'
import { Inventory } from '../../src/inventory/inventory.ts'
import type { KindName } from '../../src/kinds/index.ts'
import { blankLedger } from '../../src/ledger/codec.ts'
import { Guard } from '../../src/ledger/guard.ts'
import type { GrowingWrite } from '../../src/ledger/growing-write.ts'
import { GUARDED_KINDS } from '../../src/ledger/guarded-claims.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { LedgerClock, LedgerEvent } from '../../src/ledger/ports.ts'

const RANGE = { family: 4, first: 1n, last: 10n } as const

const WRITE: GrowingWrite = {
  owner: { kind: 'IPAddressPool', namespace: 'metallb-system', name: 'y' },
  uid: 'uid-y',
  replaces: 0n,
  requester: 'admin',
  tenant: '',
  takenOn: () => [{ domain: 'metallb', field: 'spec.addresses[0]', ranges: [RANGE] }],
  isDryRun: false,
  sinceMs: 0
}

/** One guard, its view of each kind as of revision 30, and a ledger that asks for no more. */
class Replica {
  readonly revisions = new Map<KindName, bigint>(GUARDED_KINDS.map(kind => [kind, 30n]))
  readonly minRevision = new Map<KindName, bigint>(GUARDED_KINDS.map(kind => [kind, 20n]))
  readonly puts: Ledger[] = []
  readonly listed: (readonly KindName[])[] = []
  areRevisionsComparable = true
  timesReplaced = 0
  evaluations = 0
  onList = () => {}
  onEvaluate = () => {}
  onRead = async () => {}
  events: LedgerEvent[] = []
  within: LedgerClock['within'] = work => work
  nowMs = 0

  readonly guard: Guard

  constructor() {
    const blank = blankLedger({ version: '1', lineage: 'a' })
    const { revisions } = this
    const areRevisionsComparable = () => this.areRevisionsComparable
    const timesReplaced = () => this.timesReplaced
    this.guard = new Guard({
      store: {
        read: async () => {
          await this.onRead()
          return { ok: true, ledger: { ...blank, isBlank: false, minRevision: this.minRevision } }
        },
        put: async ledger => {
          this.puts.push(ledger)
          return 'stored'
        }
      },
      objects: {
        get areRevisionsComparable() {
          return areRevisionsComparable()
        },
        get timesReplaced() {
          return timesReplaced()
        },
        view: () => new Inventory(),
        revision: kind => revisions.get(kind),
        list: async kinds => {
          this.listed.push(kinds)
          for (const kind of kinds) revisions.set(kind, 40n)
          this.onList()
          return true
        },
        stored: async () => new Map()
      },
      clock: {
        nowMs: () => this.nowMs,
        sleep: async ms => void (this.nowMs += ms),
        within: (work, ms) => this.within(work, ms),
        random: () => 0
      },
      newId: () => 'id',
      observe: event => void this.events.push(event)
    })
  }

  admit(sinceMs = 0) {
    return this.guard.admit({ ...WRITE, sinceMs }, async () => {
      this.evaluations += 1
      this.onEvaluate()
      return { denies: false, said: undefined }
    })
  }

  /** A watch ends, and the list that follows was answered by an API server that lagged. */
  relist(kind: KindName, revision: bigint): void {
    this.revisions.set(kind, revision)
    this.timesReplaced += 1
  }
}

await test('a view that goes back while another kind is listed is caught up before it is judged on', async t => {
  const replica = new Replica()
  replica.revisions.set('Subnet', 10n)
  replica.onList = () => {
    replica.onList = () => {}
    replica.relist('IPAddressPool', 10n)
  }
  t.match(await replica.admit(), { outcome: 'passed' })
  t.same(replica.listed, [['Subnet'], ['IPAddressPool']])
  t.equal(replica.puts.length, 1)
})

await test('so is one that goes back, and forth again, while it is judged on', async t => {
  const replica = new Replica()
  replica.onEvaluate = () => {
    replica.onEvaluate = () => {}
    replica.relist('IPAddressPool', 10n)
    replica.revisions.set('IPAddressPool', 30n)
  }
  t.match(await replica.admit(), { outcome: 'passed' })
  t.equal(replica.evaluations, 2)
})

await test('and one whose kind is not known any more', async t => {
  const replica = new Replica()
  replica.onEvaluate = () => {
    replica.onEvaluate = () => {}
    replica.revisions.delete('IPAddressPool')
  }
  t.match(await replica.admit(), { outcome: 'passed' })
  t.same(replica.listed, [['IPAddressPool']])
})

await test('a list that brings less than the ledger asks for lets nothing pass', async t => {
  const replica = new Replica()
  replica.minRevision.set('IPAddressPool', 50n)
  t.match(await replica.admit(), { outcome: 'retry', why: 'contended' })
  t.equal(replica.puts.length, 0)
})

await test('where revisions do not compare each write lists all, and no revision counts', async t => {
  const replica = new Replica()
  replica.areRevisionsComparable = false
  replica.minRevision.set('IPAddressPool', 50n)
  t.match(await replica.admit(), { outcome: 'passed' })
  t.same(replica.listed, [GUARDED_KINDS])
  replica.onEvaluate = () => {
    replica.onEvaluate = () => {}
    replica.relist('IPAddressPool', 10n)
  }
  t.match(await replica.admit(), { outcome: 'passed' })
  t.equal(replica.evaluations, 3)
})

await test('a write that waits too long for others is told to try again, and puts nothing when its turn comes', async t => {
  const replica = new Replica()
  const limits: number[] = []
  let isOver = () => {}
  let goOn = () => {}
  replica.within = async (work, ms) => {
    limits.push(ms)
    return Promise.race([work, new Promise<undefined>(resolve => (isOver = () => resolve(undefined)))])
  }
  replica.onRead = () => new Promise(resolve => (goOn = resolve))
  const first = replica.admit(-1_000)
  const firstIsOver = isOver
  const second = replica.admit(-500)
  isOver()
  t.match(await second, { outcome: 'retry', why: 'contended' })
  replica.nowMs = 5_000
  firstIsOver()
  t.match(await first, { outcome: 'retry', why: 'contended' })
  replica.onRead = async () => {}
  goOn()
  t.match(await replica.admit(5_000), { outcome: 'passed' }, 'the next one')
  t.equal(replica.puts.length, 1)
  t.same(limits, [2_700, 3_200, 3_700])
  t.same(
    replica.events.map(({ outcome, waitMs }) => [outcome, waitMs]),
    [
      ['retry', 500],
      ['retry', 6_000],
      ['claimed', 0]
    ]
  )
})
