import type { Random } from '../differential/random.ts'
import { COLLECTIONS } from '../race/contests.ts'
import { racer } from '../race/wave.ts'
import { deletion, pathOf } from './area-objects.ts'
import { judgeContest } from './contest.ts'
import { LIFE_SUBNET } from './plan.ts'
import type { Wanted } from './answers.ts'
import type { Writer } from './writer.ts'

/** Whoever has an address of the Subnet that was asked for. */
type Holder = {
  readonly kind: 'Vip' | 'OvnEip'
  readonly name: string
  readonly address: string
  sinceMs: number
  isBusy: boolean
}

export type VipLifeOptions = {
  readonly writer: Writer
  readonly random: Random
  readonly isSeen: (storedMs: number) => boolean
  /** Static addresses that nobody else asks for, each once. */
  readonly statics: Iterator<string>
}

/** There at any time, more or less. */
const HOLDERS = 60
const CONTENDERS = 4
const PASS: Wanted = { what: 'pass' }
const IN_USE = ['eip-address-in-use']

/** Vips that come and go, others that ask for their addresses, and OvnEips and Vips that ask for one address at once. */
export class VipLife {
  /** Contests of which nothing was stored though nothing explains it, one sentence each. */
  readonly empty: string[] = []
  private readonly options: VipLifeOptions
  private holders: Holder[] = []
  private next = 0

  constructor(options: VipLifeOptions) {
    this.options = options
  }

  /** One write, or one contest. */
  async step(): Promise<void> {
    const share = this.options.random.int(100)
    if (this.holders.length > HOLDERS || share < 25) return this.remove()
    if (share < 45) return this.create()
    if (share < 75) return this.refused()
    return this.contest()
  }

  private async create(): Promise<void> {
    const holder = this.newHolder('Vip')
    const outcome = await this.write('create Vip', holder, PASS)
    if (outcome === 'passed' || (await this.isStored(holder))) this.holders.push(holder)
  }

  private async refused(): Promise<void> {
    const holder = this.pick()
    if (holder === undefined) return
    holder.isBusy = true
    const kind = this.options.random.chance(50) ? 'Vip' : 'OvnEip'
    const late = { ...this.newHolder(kind), address: holder.address, isBusy: false }
    const outcome = await this.write(`overlapping ${kind}`, late, { what: 'refusal', rules: IN_USE })
    if (outcome !== 'refused' && (await this.isStored(late))) this.holders.push(late)
    holder.isBusy = false
  }

  private async contest(): Promise<void> {
    const { writer } = this.options
    const address = this.options.statics.next().value ?? ''
    const contenders = Array.from({ length: CONTENDERS }, (_, i) => {
      return { ...this.newHolder(i % 2 === 0 ? 'Vip' : 'OvnEip'), address }
    })
    const wanted = { what: 'contend', rules: IN_USE } as const
    const outcomes = await Promise.all(
      contenders.map(one => this.write(`contended create ${one.kind}`, one, wanted))
    )
    const stored: Holder[] = []
    for (const one of contenders) if (await this.isStored(one)) stored.push(one)
    const { wronglyStored, isEmpty } = judgeContest(outcomes, stored.length)
    writer.book.wronglyStored += wronglyStored
    if (isEmpty) this.empty.push(`${new Date().toISOString()} nobody got ${address}: ${outcomes.join(', ')}`)
    this.holders.push(...stored)
  }

  private async remove(): Promise<void> {
    const holder = this.pick(({ sinceMs }) => this.options.isSeen(sinceMs))
    if (holder === undefined) return
    holder.isBusy = true
    const request = deletion(holder)
    const outcome = await this.options.writer.write({ kind: `delete ${holder.kind}`, request, wanted: PASS })
    const isGone = outcome === 'passed' || !(await this.isStored(holder))
    if (isGone) this.holders = this.holders.filter(one => one !== holder)
    holder.isBusy = false
  }

  private write(kind: string, holder: Holder, wanted: Wanted): ReturnType<Writer['write']> {
    const { name, address } = holder
    const spec =
      holder.kind === 'Vip'
        ? { subnet: LIFE_SUBNET, v4ip: address }
        : { externalSubnet: LIFE_SUBNET, v4Ip: address }
    const body = { apiVersion: 'kubeovn.io/v1', kind: holder.kind, metadata: { name }, spec }
    // somebody else each time: one user may have eight claims only
    const as = racer(this.next % 20)
    const request = { method: 'POST', path: COLLECTIONS[holder.kind], body, as }
    holder.sinceMs = Date.now()
    return this.options.writer.write({ kind, request, wanted })
  }

  private async isStored(holder: Holder): Promise<boolean> {
    return (await this.options.writer.read(pathOf(holder))) !== undefined
  }

  private newHolder(kind: Holder['kind']): Holder {
    const address = this.options.statics.next().value ?? ''
    return { kind, name: `held-${this.next++}`, address, sinceMs: Date.now(), isBusy: false }
  }

  private pick(isMeant: (holder: Holder) => boolean = () => true): Holder | undefined {
    const all = this.holders.filter(holder => !holder.isBusy && isMeant(holder))
    return all.length === 0 ? undefined : this.options.random.pick(all)
  }
}
