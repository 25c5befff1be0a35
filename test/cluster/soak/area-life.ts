import type { Random } from '../differential/random.ts'
import {
  AREAS,
  creation,
  deletion,
  pathOf,
  resizing,
  RULES,
  standsAs,
  subnetName,
  SUBNETS_OF_AREA,
  type AreaObject
} from './area-objects.ts'
import { judgeContest } from './contest.ts'
import type { Wanted } from './answers.ts'
import { CLAIM_LEFT_MS, type Outcome, type Writer } from './writer.ts'

/** An object that is stored in an area. */
type Occupant = { object: AreaObject; sinceMs: number }

/** Addresses that one step at a time writes about. */
type Area = {
  readonly number: number
  occupants: Occupant[]
  /** Deleted, and perhaps not gone: Kube-OVN has to let go of Subnets. */
  leaving: AreaObject[]
  isBusy: boolean
  /** Before this time a claim may be left of a write that failed. */
  freeMs: number
}

export type AreaLifeOptions = {
  readonly writer: Writer
  readonly random: Random
  /** Whether what was stored at that time is known to all replicas. */
  readonly isSeen: (storedMs: number) => boolean
}

/** What an occupant takes at first, and once it has grown. */
const SMALL = { first: 64, last: 95 }
const LARGE = { first: 64, last: 127 }
/** Subnets give out neither the first addresses of their block nor its last one. */
const LARGE_SUBNET = { first: 66, last: 126 }

/** Every write of a contest takes these, among others. */
const CONTESTED = { first: 75, last: 79 }
const CONTENDERS = 6

/**
 * Pools and provider Subnets that come, grow, shrink, are labelled and go, with attempts to take addresses of theirs, and contests in
 * which several want the same at once. Each area is another's business only where somebody tries to take addresses of it.
 */
export class AreaLife {
  /** Contests of which nothing was stored though nothing explains it, one sentence each. */
  readonly empty: string[] = []
  private readonly options: AreaLifeOptions
  private readonly areas: readonly Area[] = Array.from({ length: AREAS }, (_, number) => {
    return { number, occupants: [], leaving: [], isBusy: false, freeMs: 0 }
  })
  private next = 0

  constructor(options: AreaLifeOptions) {
    this.options = options
  }

  /** One write, or one contest, in an area that nobody writes about. */
  async step(): Promise<void> {
    const area = this.pick(() => true)
    if (area === undefined) return
    area.isBusy = true
    try {
      await (area.occupants.length === 0 ? this.settle(area) : this.live(area))
    } finally {
      area.isBusy = false
    }
  }

  /** Somebody moves into an empty area. */
  private async settle(area: Area): Promise<void> {
    if (!(await this.isFree(area))) return
    const { random } = this.options
    const share = random.int(100)
    if (share < 25) return this.create(area, this.pool(area, SMALL))
    if (share < 40) return this.create(area, this.subnet(area, 0, { first: 66, last: 95 }))
    if (share < 85) return this.contest(area, this.newcomers(area, share < 60))
    return this.growthContest(area)
  }

  private async live(area: Area): Promise<void> {
    const share = this.options.random.int(100)
    const [occupant] = area.occupants
    if (occupant === undefined) return
    if (share < 20) return this.remove(area)
    if (share < 35) return this.mark(occupant)
    if (share < 65) return this.refusedBeside(area, occupant)
    if (share < 75) return this.refusedGrowth(area)
    return this.resize(area, occupant)
  }

  private async create(area: Area, object: AreaObject): Promise<void> {
    const request = creation(object)
    const outcome = await this.write(`create ${object.kind}`, { request, wanted: PASS }, area)
    await this.keepIfStored(area, object, outcome)
  }

  /** To the other of the two sizes: what a contest left may have yet another. */
  private async resize(area: Area, occupant: Occupant): Promise<void> {
    const { object } = occupant
    const large = object.kind === 'Subnet' ? LARGE_SUBNET : LARGE
    if (object.first !== large.first || area.occupants.length > 1) return
    const isLarge = object.last === large.last
    // a claim stays until its time is up when a collector sees that not all of it is held any more
    if (isLarge ? !this.options.isSeen(occupant.sinceMs) : !(await this.isFree(area))) return
    const resized = { ...object, last: isLarge ? SMALL.last : large.last }
    const kind = `${isLarge ? 'shrink' : 'grow'} ${object.kind}`
    const outcome = await this.write(kind, { request: resizing(resized), wanted: PASS }, area)
    const isDone = outcome === 'passed' || (await this.standsAs(resized))
    if (isDone) Object.assign(occupant, { object: resized, sinceMs: Date.now() })
  }

  /** A label is asked about, an annotation is not. */
  private async mark({ object }: Occupant): Promise<void> {
    const what = this.options.random.chance(50) ? 'label' : 'annotate'
    const metadata = {
      [what === 'label' ? 'labels' : 'annotations']: { 'example.com/note': `n${this.next++}` }
    }
    const request = { ...resizing(object), body: { metadata } }
    await this.write(`${what} ${object.kind}`, { request, wanted: PASS })
  }

  private async remove(area: Area): Promise<void> {
    const occupant = area.occupants.find(({ sinceMs }) => this.options.isSeen(sinceMs))
    if (occupant === undefined) return
    const { object } = occupant
    const request = deletion(object)
    const outcome = await this.write(`delete ${object.kind}`, { request, wanted: PASS })
    if (outcome !== 'passed' && (await this.standsAs(object))) return
    area.occupants = area.occupants.filter(one => one !== occupant)
    area.leaving.push(object)
  }

  /** Somebody new asks for what the occupant has. */
  private async refusedBeside(area: Area, occupant: Occupant): Promise<void> {
    const isSubnet = this.options.random.chance(40)
    // of those names none is another's
    const name = subnetName(area.number, SUBNETS_OF_AREA - 1)
    if (
      isSubnet &&
      [...area.occupants.map(({ object }) => object), ...area.leaving].some(one => one.name === name)
    )
      return
    const common = middle(occupant.object)
    const object = isSubnet
      ? this.subnet(area, SUBNETS_OF_AREA - 1, LARGE_SUBNET)
      : this.pool(area, { first: common, last: common + 3 })
    if (isSubnet && !isInSubnetBlock(common)) return
    const wanted = { what: 'refusal', rules: RULES[object.kind] } as const
    const outcome = await this.write(`overlapping ${object.kind}`, { request: creation(object), wanted })
    if (outcome !== 'refused') await this.removeIfStored(area, object)
  }

  /** A pool elsewhere asks for addresses of this area as well. */
  private async refusedGrowth(area: Area): Promise<void> {
    const other = this.pick(({ occupants }) => occupants[0]?.object.kind === 'IPAddressPool')
    const grown = other?.occupants[0]?.object
    const target = area.occupants[0]?.object
    if (other === undefined || grown === undefined || target === undefined) return
    other.isBusy = true
    const common = middle(target)
    const range = `10.32.${area.number}.${common}-10.32.${area.number}.${common + 3}`
    const addresses = [`10.32.${other.number}.${grown.first}-10.32.${other.number}.${grown.last}`, range]
    const request = { ...resizing(grown), body: { spec: { addresses } } }
    const wanted = { what: 'refusal', rules: RULES.IPAddressPool } as const
    const outcome = await this.write('overlapping growth', { request, wanted })
    if (outcome !== 'refused' && !(await this.standsAs(grown)))
      await this.write('shrink IPAddressPool', { request: resizing(grown), wanted: PASS })
    other.isBusy = false
  }

  /** Pools and Subnets, or pools only, that all hold the contested addresses. */
  private newcomers(area: Area, isPoolsOnly: boolean): readonly AreaObject[] {
    return Array.from({ length: CONTENDERS }, (_, i) =>
      isPoolsOnly || i % 2 === 0
        ? this.pool(area, { first: CONTESTED.first - i, last: CONTESTED.last + i })
        : this.subnet(area, (i - 1) / 2, LARGE_SUBNET)
    )
  }

  private async contest(area: Area, contenders: readonly AreaObject[]): Promise<void> {
    const outcomes = await Promise.all(contenders.map(object => this.contend(area, object, creation(object))))
    await this.judge(area, contenders, outcomes)
  }

  /** Two pools grow towards one another, and two newcomers want what lies between. */
  private async growthContest(area: Area): Promise<void> {
    const left = this.pool(area, { first: 16, last: 31 })
    const right = this.pool(area, { first: 160, last: 175 })
    await this.create(area, left)
    await this.create(area, right)
    const stored = area.occupants.map(({ object }) => object)
    if (stored.length < 2) return
    area.occupants = []
    const [toRight, toLeft] = [
      { ...left, last: CONTESTED.last },
      { ...right, first: CONTESTED.first }
    ]
    const newcomers = this.newcomers(area, false).slice(0, 2)
    const outcomes = await Promise.all([
      this.contend(area, toRight, resizing(toRight)),
      this.contend(area, toLeft, resizing(toLeft)),
      ...newcomers.map(object => this.contend(area, object, creation(object)))
    ])
    await this.judge(area, [toRight, toLeft, ...newcomers], outcomes)
    // those that did not grow are as they were
    for (const object of stored)
      if (!area.occupants.some(one => one.object.name === object.name)) this.moveIn(area, object)
  }

  private contend(area: Area, { kind }: AreaObject, request: ReturnType<typeof creation>): Promise<Outcome> {
    const wanted = { what: 'contend', rules: RULES[kind] } as const
    const how = request.method === 'PATCH' ? 'growth' : 'create'
    return this.write(`contended ${how} ${kind}`, { request, wanted }, area)
  }

  private async judge(
    area: Area,
    contenders: readonly AreaObject[],
    outcomes: readonly Outcome[]
  ): Promise<void> {
    const stored: AreaObject[] = []
    for (const object of contenders) if (await this.standsAs(object)) stored.push(object)
    const { wronglyStored, isEmpty } = judgeContest(outcomes, stored.length)
    const { book } = this.options.writer
    book.wronglyStored += wronglyStored
    const who = contenders.map(({ kind, name }) => `${kind} ${name}`).join(', ')
    if (isEmpty)
      this.empty.push(`${new Date().toISOString()} none came through of ${who}: ${outcomes.join(', ')}`)
    for (const object of stored) this.moveIn(area, object)
  }

  private async keepIfStored(area: Area, object: AreaObject, outcome: Outcome): Promise<void> {
    if (outcome === 'passed' || (await this.standsAs(object))) this.moveIn(area, object)
  }

  private async removeIfStored(area: Area, object: AreaObject): Promise<void> {
    if (!(await this.standsAs(object))) return
    await this.write(`delete ${object.kind}`, { request: deletion(object), wanted: PASS })
    area.leaving.push(object)
  }

  private moveIn(area: Area, object: AreaObject): void {
    area.occupants.push({ object, sinceMs: Date.now() })
  }

  /** Whether what was deleted is gone, and no claim can be left of a write that failed. */
  private async isFree(area: Area): Promise<boolean> {
    while (area.leaving[0] !== undefined) {
      if ((await this.options.writer.read(pathOf(area.leaving[0]))) !== undefined) return false
      area.leaving.shift()
    }
    return Date.now() > area.freeMs
  }

  /** With an area, a write that takes addresses of it. */
  private async write(
    kind: string,
    { request, wanted }: { readonly request: ReturnType<typeof creation>; readonly wanted: Wanted },
    area?: Area
  ): Promise<Outcome> {
    const outcome = await this.options.writer.write({ kind, request, wanted })
    const isFailed = outcome !== 'passed' && outcome !== 'refused'
    if (isFailed && area !== undefined) area.freeMs = Date.now() + CLAIM_LEFT_MS
    return outcome
  }

  private async standsAs(object: AreaObject): Promise<boolean> {
    return standsAs(await this.options.writer.read(pathOf(object)), object)
  }

  private pool({ number }: Area, { first, last }: { first: number; last: number }): AreaObject {
    return { kind: 'IPAddressPool', name: `area-${number}-pool-${this.next++}`, area: number, first, last }
  }

  private subnet({ number }: Area, i: number, { first, last }: { first: number; last: number }): AreaObject {
    return { kind: 'Subnet', name: subnetName(number, i), area: number, first, last }
  }

  private pick(isMeant: (area: Area) => boolean): Area | undefined {
    const all = this.areas.filter(area => !area.isBusy && isMeant(area))
    return all.length === 0 ? undefined : this.options.random.pick(all)
  }
}

const PASS: Wanted = { what: 'pass' }

/** The first of four addresses that the object has. */
function middle({ first, last }: AreaObject): number {
  return Math.min(Math.floor((first + last) / 2), last - 3)
}

function isInSubnetBlock(last: number): boolean {
  return last >= LARGE_SUBNET.first && last + 3 <= LARGE_SUBNET.last
}
