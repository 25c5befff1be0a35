import { AREAS, pathOf, standsAs, subnetName, type AreaObject } from './area-objects.ts'
import type { Random } from '../differential/random.ts'
import type { RestRequest } from '../rest.ts'
import type { Wanted } from './answers.ts'
import { CLAIM_LEFT_MS, type Outcome, type Writer } from './writer.ts'

/** An object that is stored in an area. */
export type Occupant = { object: AreaObject; sinceMs: number }

/** Addresses that one step at a time writes about. */
export type Area = {
  readonly number: number
  occupants: Occupant[]
  /** Deleted, and perhaps not gone: Kube-OVN has to let go of Subnets. */
  leaving: AreaObject[]
  isBusy: boolean
  /** Before this time a claim may be left of a write that failed. */
  freeMs: number
}

/** The last numbers of addresses, both ends included. */
type Taken = { readonly first: number; readonly last: number }

/** All areas, and what is written about them. */
export class Areas {
  readonly writer: Writer
  private readonly random: Random
  private readonly all: readonly Area[] = Array.from({ length: AREAS }, (_, number) => {
    return { number, occupants: [], leaving: [], isBusy: false, freeMs: 0 }
  })
  private next = 0

  constructor(writer: Writer, random: Random) {
    this.writer = writer
    this.random = random
  }

  /** One that nobody writes about; undefined: there is none. */
  pick(isMeant: (area: Area) => boolean = () => true): Area | undefined {
    const meant = this.all.filter(area => !area.isBusy && isMeant(area))
    return meant.length === 0 ? undefined : this.random.pick(meant)
  }

  /** A pool of a new name. */
  pool({ number }: Area, { first, last }: Taken): AreaObject {
    return { kind: 'IPAddressPool', name: `area-${number}-pool-${this.next++}`, area: number, first, last }
  }

  /** The `i`th Subnet of the area, from 0. */
  subnet({ number }: Area, i: number, { first, last }: Taken): AreaObject {
    return { kind: 'Subnet', name: subnetName(number, i), area: number, first, last }
  }

  /** With an area, a write that takes addresses of it. */
  async write(
    kind: string,
    { request, wanted }: { readonly request: RestRequest; readonly wanted: Wanted },
    area?: Area
  ): Promise<Outcome> {
    const outcome = await this.writer.write({ kind, request, wanted })
    const isFailed = outcome !== 'passed' && outcome !== 'refused'
    if (isFailed && area !== undefined) area.freeMs = Date.now() + CLAIM_LEFT_MS
    return outcome
  }

  async standsAs(object: AreaObject): Promise<boolean> {
    return standsAs(await this.writer.read(pathOf(object)), object)
  }

  moveIn(area: Area, object: AreaObject): void {
    area.occupants.push({ object, sinceMs: Date.now() })
  }

  /** Whether what was deleted is gone, and no claim can be left of a write that failed. */
  async isFree(area: Area): Promise<boolean> {
    while (area.leaving[0] !== undefined) {
      if ((await this.writer.read(pathOf(area.leaving[0]))) !== undefined) return false
      area.leaving.shift()
    }
    return Date.now() > area.freeMs
  }
}
