import type { Random } from '../differential/random.ts'
import type { Wanted } from './answers.ts'
import { AreaContests } from './area-contests.ts'
import {
  creation,
  deletion,
  resizing,
  RULES,
  subnetName,
  SUBNETS_OF_AREA,
  type AreaObject
} from './area-objects.ts'
import { Areas, type Area, type Occupant } from './areas.ts'
import type { Outcome, Writer } from './writer.ts'

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

/**
 * Pools and provider Subnets that come, grow, shrink, are labelled and go, with attempts to take addresses of theirs, and contests in
 * which several want the same at once. Each area is another's business only where somebody tries to take addresses of it.
 */
export class AreaLife {
  private readonly options: AreaLifeOptions
  private readonly areas: Areas
  private readonly contests: AreaContests
  private notes = 0

  constructor(options: AreaLifeOptions) {
    this.options = options
    this.areas = new Areas(options.writer, options.random)
    this.contests = new AreaContests(this.areas)
  }

  /** Contests of which nothing was stored though nothing explains it, one sentence each. */
  get empty(): readonly string[] {
    return this.contests.empty
  }

  /** One write, or one contest, in an area that nobody writes about. */
  async step(): Promise<void> {
    const area = this.areas.pick()
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
    if (!(await this.areas.isFree(area))) return
    const { random } = this.options
    const share = random.int(100)
    if (share < 25) return this.create(area, this.areas.pool(area, SMALL))
    if (share < 40) return this.create(area, this.areas.subnet(area, 0, { first: 66, last: 95 }))
    if (share < 85) return this.contests.ofNewcomers(area, share < 60)
    return this.growthContest(area)
  }

  private async growthContest(area: Area): Promise<void> {
    await this.create(area, this.areas.pool(area, { first: 16, last: 31 }))
    await this.create(area, this.areas.pool(area, { first: 160, last: 175 }))
    const [left, right] = area.occupants
    if (left !== undefined && right !== undefined)
      await this.contests.ofGrowth(area, left.object, right.object)
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
    const outcome = await this.areas.write(`create ${object.kind}`, { request, wanted: PASS }, area)
    await this.keepIfStored(area, object, outcome)
  }

  /** To the other of the two sizes: what a contest left may have yet another. */
  private async resize(area: Area, occupant: Occupant): Promise<void> {
    const { object } = occupant
    const large = object.kind === 'Subnet' ? LARGE_SUBNET : LARGE
    if (object.first !== large.first || area.occupants.length > 1) return
    const isLarge = object.last === large.last
    // a claim stays until its time is up when a collector sees that not all of it is held any more
    if (isLarge ? !this.options.isSeen(occupant.sinceMs) : !(await this.areas.isFree(area))) return
    const resized = { ...object, last: isLarge ? SMALL.last : large.last }
    const kind = `${isLarge ? 'shrink' : 'grow'} ${object.kind}`
    const outcome = await this.areas.write(kind, { request: resizing(resized), wanted: PASS }, area)
    const isDone = outcome === 'passed' || (await this.areas.standsAs(resized))
    if (isDone) Object.assign(occupant, { object: resized, sinceMs: Date.now() })
  }

  /** A label is asked about, an annotation is not. */
  private async mark({ object }: Occupant): Promise<void> {
    const what = this.options.random.chance(50) ? 'label' : 'annotate'
    const metadata = {
      [what === 'label' ? 'labels' : 'annotations']: { 'example.com/note': `n${this.notes++}` }
    }
    const request = { ...resizing(object), body: { metadata } }
    await this.areas.write(`${what} ${object.kind}`, { request, wanted: PASS })
  }

  private async remove(area: Area): Promise<void> {
    const occupant = area.occupants.find(({ sinceMs }) => this.options.isSeen(sinceMs))
    if (occupant === undefined) return
    const { object } = occupant
    const request = deletion(object)
    const outcome = await this.areas.write(`delete ${object.kind}`, { request, wanted: PASS })
    if (outcome !== 'passed' && (await this.areas.standsAs(object))) return
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
      ? this.areas.subnet(area, SUBNETS_OF_AREA - 1, LARGE_SUBNET)
      : this.areas.pool(area, { first: common, last: common + 3 })
    if (isSubnet && !isInSubnetBlock(common)) return
    const wanted = { what: 'refusal', rules: RULES[object.kind] } as const
    const outcome = await this.areas.write(`overlapping ${object.kind}`, {
      request: creation(object),
      wanted
    })
    if (outcome !== 'refused') await this.removeIfStored(area, object)
  }

  /** A pool elsewhere asks for addresses of this area as well. */
  private async refusedGrowth(area: Area): Promise<void> {
    const other = this.areas.pick(({ occupants }) => occupants[0]?.object.kind === 'IPAddressPool')
    const grown = other?.occupants[0]?.object
    const target = area.occupants[0]?.object
    if (other === undefined || grown === undefined || target === undefined) return
    other.isBusy = true
    const common = middle(target)
    const range = `10.32.${area.number}.${common}-10.32.${area.number}.${common + 3}`
    const addresses = [`10.32.${other.number}.${grown.first}-10.32.${other.number}.${grown.last}`, range]
    const request = { ...resizing(grown), body: { spec: { addresses } } }
    const wanted = { what: 'refusal', rules: RULES.IPAddressPool } as const
    const outcome = await this.areas.write('overlapping growth', { request, wanted })
    if (outcome !== 'refused' && !(await this.areas.standsAs(grown)))
      await this.areas.write('shrink IPAddressPool', { request: resizing(grown), wanted: PASS })
    other.isBusy = false
  }

  private async keepIfStored(area: Area, object: AreaObject, outcome: Outcome): Promise<void> {
    if (outcome === 'passed' || (await this.areas.standsAs(object))) this.areas.moveIn(area, object)
  }

  private async removeIfStored(area: Area, object: AreaObject): Promise<void> {
    if (!(await this.areas.standsAs(object))) return
    await this.areas.write(`delete ${object.kind}`, { request: deletion(object), wanted: PASS })
    area.leaving.push(object)
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
