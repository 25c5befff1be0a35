import type { Random } from '../differential/random.ts'
import { member, text } from '../json.ts'
import { LIFE_SUBNET, TENANT_LABEL } from './plan.ts'
import type { Wanted } from './answers.ts'
import type { Outcome, Writer } from './writer.ts'

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

export type LifeOptions = {
  readonly writer: Writer
  readonly random: Random
  readonly tenants: number
  /** OvnEips that are there once the first ones are made. */
  readonly eips: number
  /** Static addresses that nobody else asks for, each once. */
  readonly statics: Iterator<string>
  /** Whether what was stored at that time is known to all replicas. */
  readonly isSeen: (storedMs: number) => boolean
}

/** The Vpc that every cluster has; its router gets the NAT rules. */
const VPC = 'ovn-cluster'
const PASS: Wanted = { what: 'pass' }

/**
 * OvnEips of many tenants that come, change and go, as a controller for all tenants writes them. Every write is either one
 * that must be allowed or one that must be refused by a rule that is named.
 */
export class EipLife {
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
    const isNameless = v4Ip === '' && random.chance(10)
    const spec = isNameless ? {} : { externalSubnet: LIFE_SUBNET, ...(v4Ip === '' ? {} : { v4Ip }) }
    const kind = v4Ip === '' ? 'create OvnEip' : 'create OvnEip with an address'
    const body = ovn('OvnEip', name, { tenant, spec })
    const outcome = await this.write(kind, { method: 'POST', path: 'ovn-eips', body })
    if (outcome === 'passed' || (await this.isStored(`ovn-eips/${name}`)))
      this.live.set(name, { name, tenant, v4Ip, sinceMs: Date.now(), fip: undefined, isBusy: false })
  }

  /** One that was just made keeps its claim for two minutes when it goes before a collector looks; a user may have eight. */
  private async remove(): Promise<void> {
    const { isSeen } = this.options
    const eip = this.pick(one => one.fip === undefined && isSeen(one.sinceMs))
    if (eip === undefined) return
    this.live.delete(eip.name)
    const path = `ovn-eips/${eip.name}`
    const outcome = await this.write('delete OvnEip', { method: 'DELETE', path })
    if (outcome !== 'passed' && (await this.isStored(path))) this.live.set(eip.name, eip)
  }

  private async relabel(): Promise<void> {
    const eip = this.pick()
    if (eip === undefined) return
    eip.isBusy = true
    const body = { metadata: { annotations: { 'example.com/note': `n${this.options.random.int(1_000)}` } } }
    await this.write('annotate OvnEip', { method: 'PATCH', path: `ovn-eips/${eip.name}`, body })
    eip.isBusy = false
  }

  /** A NAT rule comes, or goes again. */
  private async toggleFip(): Promise<void> {
    const eip = this.pick()
    if (eip === undefined) return
    eip.isBusy = true
    if (eip.fip === undefined) {
      const name = `fip-${this.next++}`
      const v4Ip = `10.16.${this.options.random.int(250)}.${1 + this.options.random.int(250)}`
      const body = ovn('OvnFip', name, { tenant: eip.tenant, spec: { ovnEip: eip.name, vpc: VPC, v4Ip } })
      const outcome = await this.write('create NAT rule', { method: 'POST', path: 'ovn-fips', body })
      const isMade = outcome === 'passed' || (await this.isStored(`ovn-fips/${name}`))
      if (isMade) eip.fip = { name, sinceMs: Date.now() }
    } else {
      const path = `ovn-fips/${eip.fip.name}`
      const outcome = await this.write('delete NAT rule', { method: 'DELETE', path })
      if (outcome === 'passed' || !(await this.isStored(path))) eip.fip = undefined
    }
    eip.isBusy = false
  }

  /** One of the writes that must be refused, of an OvnEip that has been there for a while. */
  private async refused(): Promise<void> {
    const { random, isSeen } = this.options
    const kind = random.int(3)
    const isUsed = ({ fip }: Eip): boolean => fip !== undefined && isSeen(fip.sinceMs)
    const eip = this.pick(one => isSeen(one.sinceMs) && (kind === 2 ? isUsed(one) : one.v4Ip !== ''))
    if (eip === undefined) return
    // Nobody else writes it meanwhile.
    eip.isBusy = true
    if (kind === 0) await this.refusedAddress(eip)
    else if (kind === 1) await this.refusedChange(eip)
    else await this.refusedDeletion(eip)
    eip.isBusy = false
  }

  private async refusedAddress({ v4Ip }: Eip): Promise<void> {
    const { random, tenants } = this.options
    const name = `refused-${this.next++}`
    const body = ovn('OvnEip', name, {
      tenant: `t${random.int(tenants)}`,
      spec: { externalSubnet: LIFE_SUBNET, v4Ip }
    })
    const wanted = { what: 'refusal', rules: ['eip-address-in-use'] } as const
    await this.write('overlapping OvnEip', { method: 'POST', path: 'ovn-eips', body }, wanted)
  }

  /** Until Kube-OVN has given the address, another one may be asked for. */
  private async refusedChange({ name }: Eip): Promise<void> {
    const path = `ovn-eips/${name}`
    const stored = await this.options.writer.read(`${API}/${path}`)
    if (stored === undefined || text(member(stored, 'status'), 'v4Ip') === '') return
    const body = { spec: { v4Ip: this.options.statics.next().value ?? '' } }
    const wanted = { what: 'refusal', rules: ['eip-change'] } as const
    await this.write('change of OvnEip', { method: 'PATCH', path, body }, wanted)
  }

  /** Deletions pass while poolguard is away. */
  private async refusedDeletion(eip: Eip): Promise<void> {
    const path = `ovn-eips/${eip.name}`
    const wanted = { what: 'refusal', rules: ['eip-in-use'], isLetThrough: true } as const
    const outcome = await this.write('delete OvnEip in use', { method: 'DELETE', path }, wanted)
    // Kube-OVN keeps it, marked as deleted, as long as its NAT rule is there: nobody counts on it any more.
    if (outcome !== 'refused') this.live.delete(eip.name)
  }

  private write(
    kind: string,
    { method, path, body }: { readonly method: string; readonly path: string; readonly body?: object },
    wanted = PASS
  ): Promise<Outcome> {
    const request = { method, path: `${API}/${path}`, ...(body === undefined ? {} : { body }) }
    return this.options.writer.write({ kind, request, wanted })
  }

  private async isStored(path: string): Promise<boolean> {
    const stored = await this.options.writer.read(`${API}/${path}`)
    return stored !== undefined && !('deletionTimestamp' in member(stored, 'metadata'))
  }

  private pick(isMeant: (eip: Eip) => boolean = () => true): Eip | undefined {
    const all = [...this.live.values()].filter(eip => !eip.isBusy && isMeant(eip))
    return all.length === 0 ? undefined : this.options.random.pick(all)
  }
}

const API = '/apis/kubeovn.io/v1'

function ovn(kind: string, name: string, { tenant, spec }: { tenant: string; spec: object }): object {
  return { apiVersion: 'kubeovn.io/v1', kind, metadata: { name, labels: { [TENANT_LABEL]: tenant } }, spec }
}
