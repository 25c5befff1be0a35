import type { AddressRange } from '../../src/address/range.ts'
import type { Claim } from '../../src/kinds/claim.ts'
import { refKey, type ObjectRef } from '../../src/kinds/object-ref.ts'
import { COLLECT_EVERY_MS, TTL_MS } from '../../src/ledger/limits.ts'
import { takenBeyond } from '../../src/ledger/taken.ts'
import { Random } from '../histories/random.ts'
import { Replica, type Code, type ReplicaOptions, type Surroundings } from './replica.ts'
import { Scheduler } from './scheduler.ts'
import { hasForeign, Storage, type Stored } from './storage.ts'
import { weatherOf, type Weather } from './weather.ts'

/** What one client does to one object, one write after the other. */
interface Client {
  readonly owner: ObjectRef
  readonly writes: readonly ('grow' | 'shrink' | 'touch' | 'delete')[]
}

/** The API server gives up a request by then, whatever it waits for. */
const REQUEST_MS = 34_000

/** A client that is told to try again does so this often. */
const TRIES = 12

const DOMAINS = ['metallb', 'subnet:external']

/** One of them is asked for, or both by turns; each two of different owners share addresses, and all three do. */
const WANTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['x', ['1-10', '8-12']],
  ['y', ['5-15', '8-9']],
  ['z', ['8-20', '7-13']]
])

const POOL_X: ObjectRef = { kind: 'IPAddressPool', namespace: 'metallb-system', name: 'x' }
const POOL_Y: ObjectRef = { kind: 'IPAddressPool', namespace: 'metallb-system', name: 'y' }
const SUBNET_Z: ObjectRef = { kind: 'Subnet', namespace: '', name: 'z' }
const OWNERS = [POOL_X, POOL_Y, SUBNET_Z]

interface Asked {
  readonly wanted: readonly Claim[]
  readonly stored: Stored | undefined
  readonly uid: string
}

/** What went wrong in the schedule of a seed; undefined: nothing. */
export interface Flaw {
  readonly seed: number
  readonly what: string
  readonly trace: readonly string[]
}

/** A schedule is determined by these. */
export interface Schedule {
  readonly seed: number
  readonly weather?: Partial<Weather>
}

/** Runs one schedule on this code. */
export async function simulate(code: Code, schedule: Schedule): Promise<Flaw | undefined> {
  const what = await new Simulation(code, schedule, undefined).run()
  if (what === undefined) return undefined
  const trace: string[] = []
  await new Simulation(code, schedule, trace).run()
  return { seed: schedule.seed, what, trace }
}

class Simulation {
  private readonly random: Random
  private readonly scheduler: Scheduler
  private readonly storage = new Storage()
  private readonly around: Surroundings = { ms: 0, isUnreliable: false }
  private readonly replicas: Replica[]
  private readonly options: ReplicaOptions
  private readonly weather: Weather
  private running = 0
  private uids = 0
  private hasFailures = false
  private isLedgerLost = false
  private flaw: string | undefined

  constructor(code: Code, { seed, weather: given = {} }: Schedule, trace: string[] | undefined) {
    this.random = new Random(seed)
    this.scheduler = new Scheduler(this.random, trace)
    this.weather = weatherOf(this.random, given)
    this.scheduler.dawdles = this.weather.dawdles
    this.around.isUnreliable = this.weather.isUnreliable
    const { storage, scheduler, random, around } = this
    const { areRevisionsComparable } = this.weather
    this.options = { code, storage, scheduler, random, around, areRevisionsComparable }
    this.storage.installLedger()
    this.replicas = Array.from({ length: 1 + this.random.below(3) }, (_, i) => new Replica(i, this.options))
  }

  async run(): Promise<string | undefined> {
    for (const replica of this.replicas) void replica.collect()
    await this.drain()
    const clients = this.clients()
    for (const client of clients) void this.work(client)
    for (let steps = 0; this.running > 0 && this.flaw === undefined && steps < 400; steps++)
      await this.something()
    const isContested = clients.every(({ writes }) => writes.every(write => write === 'grow'))
    if (this.running === 0 && isContested && !this.hasFailures && this.storage.now.objects.size === 0) {
      this.flaw ??= 'nobody survived'
    }
    await this.finish()
    return this.flaw
  }

  private clients(): readonly Client[] {
    const owners = OWNERS.slice(0, 2 + this.random.below(2))
    const clients = owners.map(owner => ({ owner, writes: this.writes() }))
    const more = Array.from({ length: this.random.below(3) }, () => this.random.of([POOL_X, POOL_Y]))
    return [...clients, ...more.map(owner => ({ owner, writes: this.writes() }))]
  }

  private writes(): Client['writes'] {
    return this.random.of<Client['writes']>([
      ['grow'],
      ['grow'],
      ['grow', 'shrink'],
      ['grow', 'delete'],
      ['grow', 'shrink', 'grow'],
      ['grow', 'shrink', 'touch', 'grow'],
      ['grow', 'delete', 'grow']
    ])
  }

  /** One thing that happens next. */
  private async something(): Promise<void> {
    const { random, scheduler } = this
    const chance = random.below(100)
    const replica = this.replicas[random.below(this.replicas.length)]
    if (replica === undefined) return
    const { pass, collect, relist } = this.weather
    const hear = pass + collect + 5
    const harm = hear + relist + (this.isLedgerLost ? 10 : this.weather.harm)
    if (chance < pass) this.pass(random.of([10, 700, 6_000, this.weather.longestMs]))
    else if (chance < pass + collect) void replica.collect()
    else if (chance < hear) replica.hear(random)
    else if (chance < hear + relist) replica.relists(random)
    else if (chance < harm && this.weather.isCruel) this.harm(replica)
    else await scheduler.next()
  }

  private pass(ms: number): void {
    this.scheduler.note(`${ms} ms`)
    this.around.ms += ms
  }

  private harm(replica: Replica): void {
    this.hasFailures = true
    if (this.random.oneIn(4)) return this.loseLedger()
    this.scheduler.note(`R${replica.number}:dies`)
    replica.die()
    this.replicas[replica.number] = new Replica(replica.number, this.options)
  }

  /** Once: two losses within a request's time, and a process that has seen neither, are beyond what is promised. */
  private loseLedger(): void {
    if (this.isLedgerLost) return
    this.isLedgerLost = true
    this.storage.deleteLedger()
    const isReplaced = this.random.oneIn(2)
    this.scheduler.note(isReplaced ? 'ledger replaced' : 'ledger deleted')
    if (isReplaced) this.storage.installLedger()
  }

  private async work({ owner, writes }: Client): Promise<void> {
    this.running += 1
    for (const write of writes) {
      if (write === 'grow') await this.grow(owner)
      else await this.give(owner, write)
    }
    this.running -= 1
  }

  private async give(owner: ObjectRef, how: 'shrink' | 'touch' | 'delete'): Promise<void> {
    await this.scheduler.step(undefined, `${owner.name}:${how}`, () => {
      const stored = this.storage.now.objects.get(refKey(owner))
      if (stored === undefined) return
      const left = { shrink: [], touch: stored.claims, delete: undefined }
      this.written(this.storage.write(owner, stored.uid, left[how]))
    })
  }

  private async grow(owner: ObjectRef): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const said = await this.request(owner)
      if (said !== 'retry') return
      await this.scheduler.step(undefined, `${owner.name}:waits`, () => this.pass(2_000))
    }
    this.hasFailures = true
  }

  /** One request to the API server, which reviews it again when somebody else has written the object in between. */
  private async request(owner: ObjectRef): Promise<'done' | 'retry' | 'denied'> {
    const startedMs = this.around.ms
    const newUid = String((this.uids += 1))
    for (;;) {
      const stored = this.storage.now.objects.get(refKey(owner))
      const wanted = wantedBy(owner, this.random.below(this.weather.variety))
      if (takenBeyond(wanted, stored?.claims ?? []).length === 0) return 'done'
      const uid = stored?.uid ?? newUid
      const answer = await this.review(owner, { wanted, stored, uid })
      if (answer !== 'allowed') return answer
      const outcome = await this.scheduler.step(undefined, `${owner.name}:commit`, () => {
        if (this.around.ms - startedMs > REQUEST_MS) return this.failed('timeout')
        if (this.random.oneIn(12)) return this.failed('rejected by another')
        // A CREATE goes by the name alone: it does not matter whether an object of that name came and went.
        if (this.storage.now.objects.get(refKey(owner)) !== stored) return stored ? 'again' : 'retry'
        this.written(this.storage.write(owner, uid, wanted))
        return 'done'
      })
      if (outcome !== 'again') return outcome
    }
  }

  private failed(why: string): 'done' {
    this.hasFailures = true
    this.scheduler.note(why)
    return 'done'
  }

  private async review(
    owner: ObjectRef,
    { wanted, stored, uid }: Asked
  ): Promise<'allowed' | 'retry' | 'denied'> {
    const replica = this.replicas[this.random.below(this.replicas.length)]
    if (replica === undefined) throw new Error('there is always one')
    const taken = takenBeyond(wanted, stored?.claims ?? [])
    const ranges = taken.flatMap(part => part.ranges)
    const replaces = stored?.revision ?? 0n
    const sinceMs = replica.guard.nowMs()
    const who = { owner, uid, replaces, requester: owner.name, tenant: '' }
    const write = { ...who, takenOn: () => taken, isDryRun: false, sinceMs }
    const admitted = replica.guard.admit(write, async view => ({
      denies: hasForeign(view, DOMAINS, ranges, owner),
      said: undefined
    }))
    const answer = await Promise.race([admitted, replica.death()])
    if (answer === undefined) return 'retry'
    this.scheduler.note(
      `${owner.name}:${answer.outcome}${answer.outcome === 'retry' ? ` ${answer.why}` : ''}`
    )
    if (answer.outcome === 'passed') return 'allowed'
    return answer.outcome === 'denied' ? 'denied' : 'retry'
  }

  private written(sharing: string | undefined): void {
    if (sharing !== undefined) this.flaw ??= `stored both: ${sharing}`
  }

  /** Until nobody waits for anything. */
  private async drain(): Promise<void> {
    for (let steps = 0; steps < 200 && !this.scheduler.isIdle; steps++) await this.scheduler.next()
  }

  /** No claim outlives its time and one round, nor does a lost ledger stay lost. */
  private async finish(): Promise<void> {
    this.around.isUnreliable = false
    await this.drain()
    for (let round = 0; round < (this.weather.isCruel ? 4 : 2) && this.flaw === undefined; round++) {
      for (const replica of this.replicas) {
        void replica.collect()
        await this.drain()
      }
      this.pass(TTL_MS + COLLECT_EVERY_MS)
    }
    if (this.flaw !== undefined) return
    const read = this.storage.readLedger(0)
    if (!read.ok) this.flaw = 'the ledger is not made anew'
    else if (read.ledger.claims.length > 0) this.flaw = 'a claim outlived its time'
  }
}

function wantedBy(owner: ObjectRef, which: number): readonly Claim[] {
  const text = WANTED.get(owner.name)?.[which] ?? '0-0'
  const [first = 0n, last = 0n] = text.split('-').map(BigInt)
  const range: AddressRange = { family: 4, first, last }
  const domain = owner.kind === 'Subnet' ? 'subnet:external' : 'metallb'
  return [{ domain, range, holder: owner, field: 'spec', state: 'stored' }]
}
