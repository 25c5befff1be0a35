import type { RestRequest } from '../rest.ts'
import { creation, resizing, RULES, type AreaObject } from './area-objects.ts'
import type { Area, Areas } from './areas.ts'
import { judgeContest } from './contest.ts'
import type { Outcome } from './writer.ts'

/** Every write of a contest takes these, among others: the last numbers of addresses. */
const CONTESTED = { first: 75, last: 79 }
const CONTENDERS = 6
/** All that a Subnet of 64 addresses from .64 on gives out. */
const SUBNET = { first: 66, last: 126 }

/** Several writes at once that take the same addresses of an area, of which one at most may be stored. */
export class AreaContests {
  /** Contests of which nothing was stored though nothing explains it, one sentence each. */
  readonly empty: string[] = []
  private readonly areas: Areas

  constructor(areas: Areas) {
    this.areas = areas
  }

  /** Pools alone, or as many Subnets, in an empty area. */
  async ofNewcomers(area: Area, isPoolsOnly: boolean): Promise<void> {
    const contenders = this.newcomers(area, isPoolsOnly)
    const outcomes = await Promise.all(contenders.map(object => this.contend(area, object, creation(object))))
    await this.judge(area, contenders, outcomes)
  }

  /** Two pools that live there grow towards one another, and a new pool and a new Subnet want what lies between. */
  async ofGrowth(area: Area, left: AreaObject, right: AreaObject): Promise<void> {
    area.occupants = []
    const toRight = { ...left, last: CONTESTED.last }
    const toLeft = { ...right, first: CONTESTED.first }
    const newcomers = this.newcomers(area, false).slice(0, 2)
    const outcomes = await Promise.all([
      this.contend(area, toRight, resizing(toRight)),
      this.contend(area, toLeft, resizing(toLeft)),
      ...newcomers.map(object => this.contend(area, object, creation(object)))
    ])
    await this.judge(area, [toRight, toLeft, ...newcomers], outcomes)
    const grown = area.occupants.map(({ object }) => object.name)
    // the others are as they were
    for (const object of [left, right]) if (!grown.includes(object.name)) this.areas.moveIn(area, object)
  }

  private newcomers(area: Area, isPoolsOnly: boolean): readonly AreaObject[] {
    return Array.from({ length: CONTENDERS }, (_, i) =>
      isPoolsOnly || i % 2 === 0
        ? this.areas.pool(area, { first: CONTESTED.first - i, last: CONTESTED.last + i })
        : this.areas.subnet(area, (i - 1) / 2, SUBNET)
    )
  }

  private contend(area: Area, { kind }: AreaObject, request: RestRequest): Promise<Outcome> {
    const wanted = { what: 'contend', rules: RULES[kind] } as const
    const how = request.method === 'PATCH' ? 'growth' : 'create'
    return this.areas.write(`contended ${how} ${kind}`, { request, wanted }, area)
  }

  private async judge(
    area: Area,
    contenders: readonly AreaObject[],
    outcomes: readonly Outcome[]
  ): Promise<void> {
    const stored: AreaObject[] = []
    for (const object of contenders) if (await this.areas.standsAs(object)) stored.push(object)
    const { wronglyStored, isEmpty } = judgeContest(outcomes, stored.length)
    this.areas.writer.book.wronglyStored += wronglyStored
    const who = contenders.map(({ kind, name }) => `${kind} ${name}`).join(', ')
    if (isEmpty)
      this.empty.push(`${new Date().toISOString()} none came through of ${who}: ${outcomes.join(', ')}`)
    for (const object of stored) this.areas.moveIn(area, object)
  }
}
