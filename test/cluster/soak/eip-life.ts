import type { Random } from '../differential/random.ts'
import { items, member, text, type JsonObject } from '../json.ts'
import type { Rest, RestAnswer } from '../rest.ts'
import { TENANT_LABEL } from './plan.ts'

/** What is wrong with an answer to a write that had to be allowed, or to one that had to be refused. */
export type Surprise = { readonly what: string; readonly status: number; readonly message: string }

/** One live OvnEip, as far as this side knows. */
type Eip = {
  readonly name: string
  readonly tenant: string
  /** What it asked for; '' for any. */
  readonly v4Ip: string
  readonly sinceMs: number
  fip: { readonly name: string; readonly sinceMs: number } | undefined
  /** A worker writes it, or something about it. */
  isBusy: boolean
}

/** What was done so far, by operation, and what came out otherwise than it had to. */
export type Tally = { readonly counts: Map<string, number>; readonly surprises: Surprise[] }

export type LifeOptions = {
  readonly rest: Rest
  readonly random: Random
  readonly tenants: number
  /** OvnEips that are there once the first ones are made. */
  readonly eips: number
  /** Static addresses that nobody else asks for, each once. */
  readonly statics: Iterator<string>
  /** Whether poolguard was away at this time, in milliseconds since 1970, or after it. */
  readonly wasAwaySince?: (ms: number) => boolean
}

/** After so long poolguard's watch has brought a write, on however busy a machine. */
const SEEN_MS = 3_000

/** How long a write may take that an outage fails: timeoutSeconds of the webhooks, and as much again. */
const OUTAGE_MS = 10_000

/** The Vpc that every cluster has; its router gets the NAT rules. */
const VPC = 'ovn-cluster'

/**
 * OvnEips of many tenants that come, change and go, as a controller for all tenants writes them. Every write is either one
 * that must be allowed or one that must be refused by a rule that is named; what comes out otherwise is a surprise.
 */
export class EipLife {
  readonly tally: Tally = { counts: new Map(), surprises: [] }
  private readonly options: LifeOptions
  private readonly live = new Map<string, Eip>()
  private next = 0

  constructor(options: LifeOptions) {
    this.options = options
  }

  /** How many there are now. */
  get size(): number {
    return this.live.size
  }

  /** One write, chosen at random; more of them are made than deleted until there are as many as there have to be. */
  async step(): Promise<void> {
    const { random, eips } = this.options
    const share = random.int(100)
    if (this.live.size < eips * 0.95 || this.live.size === 0) return this.create()
    if (share < 35) return this.live.size < eips * 1.05 ? this.create() : this.remove()
    if (share < 65) return this.remove()
    if (share < 75) return this.relabel()
    if (share < 85) return this.toggleFip()
    return this.refused()
  }

  private async create(): Promise<void> {
    const { random, tenants, statics } = this.options
    const name = `eip-${this.next++}`
    const tenant = `t${random.int(tenants)}`
    const v4Ip = random.chance(25) ? (statics.next().value ?? '') : ''
    const spec = random.chance(10) ? {} : { externalSubnet: 'life', ...(v4Ip === '' ? {} : { v4Ip }) }
    const answer = await this.write('POST', 'ovn-eips', ovn('OvnEip', name, { tenant, spec }))
    if (this.mustPass(v4Ip === '' ? 'create' : 'create with an address', answer))
      this.live.set(name, {
        name,
        tenant,
        v4Ip: 'v4Ip' in spec ? v4Ip : '',
        sinceMs: Date.now(),
        fip: undefined,
        isBusy: false
      })
  }

  private async remove(): Promise<void> {
    const eip = this.pick(({ fip, isBusy }) => fip === undefined && !isBusy)
    if (eip === undefined) return
    this.live.delete(eip.name)
    this.mustPass('delete', await this.write('DELETE', `ovn-eips/${eip.name}`))
  }

  private async relabel(): Promise<void> {
    const eip = this.pick(() => true)
    if (eip === undefined) return
    const metadata = { annotations: { 'example.com/note': `n${this.options.random.int(1_000)}` } }
    this.mustPass('annotate', await this.write('PATCH', `ovn-eips/${eip.name}`, { metadata }))
  }

  /** A NAT rule comes, or goes again. */
  private async toggleFip(): Promise<void> {
    const eip = this.pick(() => true)
    if (eip === undefined || eip.isBusy) return
    eip.isBusy = true
    if (eip.fip === undefined) {
      const name = `fip-${this.next++}`
      const v4Ip = `10.16.${this.options.random.int(250)}.${1 + this.options.random.int(250)}`
      const rule = ovn('OvnFip', name, { tenant: eip.tenant, spec: { ovnEip: eip.name, vpc: VPC, v4Ip } })
      const isMade = this.mustPass('create a NAT rule', await this.write('POST', 'ovn-fips', rule))
      if (isMade) eip.fip = { name, sinceMs: Date.now() }
    } else {
      const { name } = eip.fip
      this.mustPass('delete a NAT rule', await this.write('DELETE', `ovn-fips/${name}`))
      eip.fip = undefined
    }
    eip.isBusy = false
  }

  /** One of the writes that must be refused, of an OvnEip that has been there for a while. */
  private async refused(): Promise<void> {
    const { random, tenants, statics } = this.options
    const beforeMs = Date.now() - SEEN_MS
    const kind = random.int(3)
    const isUsed = (eip: Eip) => eip.fip !== undefined && eip.fip.sinceMs < beforeMs
    const eip = this.pick(one => one.sinceMs < beforeMs && (kind === 2 ? isUsed(one) : one.v4Ip !== ''))
    if (eip === undefined || eip.isBusy) return
    // Nobody else writes it meanwhile.
    eip.isBusy = true
    const spec = { externalSubnet: 'life', v4Ip: eip.v4Ip }
    if (kind === 0) {
      const taken = ovn('OvnEip', `refused-${this.next++}`, { tenant: `t${random.int(tenants)}`, spec })
      this.mustFail('eip-address-in-use', await this.write('POST', 'ovn-eips', taken))
    } else if (kind === 2) {
      const answer = await this.write('DELETE', `ovn-eips/${eip.name}`)
      // Deletions pass while poolguard is away.
      if (!this.mustFail('eip-in-use', answer) && answer.status < 300) this.live.delete(eip.name)
    } else if (await this.hasStatus(eip)) {
      const changed = { spec: { v4Ip: statics.next().value ?? '' } }
      this.mustFail('eip-change', await this.write('PATCH', `ovn-eips/${eip.name}`, changed))
    }
    eip.isBusy = false
  }

  /** Until Kube-OVN has given the address, another one may be asked for. */
  private async hasStatus({ name }: Eip): Promise<boolean> {
    const { json } = await this.write('GET', `ovn-eips/${name}`)
    return text(member(asObject(json), 'status'), 'v4Ip') !== ''
  }

  private write(method: string, path: string, body?: object): Promise<RestAnswer> {
    const request = { method, path: `/apis/kubeovn.io/v1/${path}` }
    return this.options.rest.send(body === undefined ? request : { ...request, body })
  }

  private pick(isMeant: (eip: Eip) => boolean): Eip | undefined {
    const all = [...this.live.values()].filter(isMeant)
    return all.length === 0 ? undefined : this.options.random.pick(all)
  }

  private mustPass(what: string, answer: RestAnswer): boolean {
    this.count(what)
    const isDone = answer.status < 300
    if (!isDone && this.isOfOutage(answer)) this.count('not asked: poolguard was away')
    else if (!isDone) this.surprise(what, answer)
    return isDone
  }

  private mustFail(rule: string, answer: RestAnswer): boolean {
    const what = `refused by ${rule}`
    this.count(what)
    const isRefused = answer.status === 403 && messageOf(answer).includes(`[${rule}]`)
    if (!isRefused && this.isOfOutage(answer)) this.count('not asked: poolguard was away')
    else if (!isRefused) this.surprise(what, answer)
    return isRefused
  }

  /**
   * The call failed, or was answered before everything was read (no Service keeps callers from a process that is not ready here),
   * or where that lets a write pass it was let through; no other refusal is excused.
   */
  private isOfOutage(answer: RestAnswer): boolean {
    const wasAway = this.options.wasAwaySince?.(Date.now() - OUTAGE_MS) === true
    return (
      wasAway &&
      (answer.status < 300 || /failed calling webhook|cannot be judged now/.test(messageOf(answer)))
    )
  }

  private count(what: string): void {
    const { counts } = this.tally
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }

  private surprise(what: string, answer: RestAnswer): void {
    this.tally.surprises.push({ what, status: answer.status, message: messageOf(answer) })
  }
}

function ovn(kind: string, name: string, { tenant, spec }: { tenant: string; spec: object }): object {
  return { apiVersion: 'kubeovn.io/v1', kind, metadata: { name, labels: { [TENANT_LABEL]: tenant } }, spec }
}

function messageOf({ json }: RestAnswer): string {
  return text(asObject(json), 'message')
}

function asObject(json: unknown): JsonObject {
  return member({ json }, 'json')
}

/** How the OvnEips of the Subnet stand. */
export type Standing = {
  readonly live: number
  /** Names of those that Kube-OVN never gave an address. */
  readonly stuck: readonly string[]
  /** Names of those that Kube-OVN gave an address and whose status it then emptied again (its cache lags). */
  readonly emptied: readonly string[]
  /** Addresses that more than one has. */
  readonly shared: readonly string[]
}

/** Reads all OvnEips. */
export async function standingOf(rest: Rest): Promise<Standing> {
  const { json } = await rest.send({ path: '/apis/kubeovn.io/v1/ovn-eips' })
  const eips = items(asObject(json), 'items').filter(
    eip =>
      text(member(eip, 'spec'), 'externalSubnet') === 'life' &&
      !('deletionTimestamp' in member(eip, 'metadata'))
  )
  const of = eips.map(eip => {
    const metadata = member(eip, 'metadata')
    const given = text(member(metadata, 'labels'), 'ovn.kubernetes.io/eip_v4_ip')
    return { name: text(metadata, 'name'), given, status: text(member(eip, 'status'), 'v4Ip') }
  })
  const holders = new Map<string, number>()
  for (const { status, given } of of) {
    for (const address of new Set([status, given].filter(one => one !== '')))
      holders.set(address, (holders.get(address) ?? 0) + 1)
  }
  return {
    live: of.length,
    stuck: of.filter(({ status, given }) => status === '' && given === '').map(({ name }) => name),
    emptied: of.filter(({ status, given }) => status === '' && given !== '').map(({ name }) => name),
    shared: [...holders].filter(([, count]) => count > 1).map(([address]) => address)
  }
}
