import type { Random } from '../differential/random.ts'
import { racer } from '../race/wave.ts'
import { TENANT_NAMESPACE } from './plan.ts'
import type { Wanted } from './answers.ts'
import type { Writer } from './writer.ts'

/** There at any time, more or less. */
const SERVICES = 50
const COLLECTION = `/api/v1/namespaces/${TENANT_NAMESPACE}/services`
const PASS: Wanted = { what: 'pass' }

/** Services of one tenant that come, change and go, and some that ask for what the tenant may not have. */
export class ServiceLife {
  private readonly writer: Writer
  private readonly random: Random
  private names: string[] = []
  private next = 0

  constructor({ writer, random }: { readonly writer: Writer; readonly random: Random }) {
    this.writer = writer
    this.random = random
  }

  /** One write. */
  async step(): Promise<void> {
    const share = this.random.int(100)
    if (this.names.length === 0 || (this.names.length < SERVICES && share < 40)) return this.create()
    if (share < 40) return this.remove()
    if (share < 70) return this.change()
    return this.refused()
  }

  private async create(): Promise<void> {
    const name = `service-${this.next++}`
    const request = this.creation(name, { ports: [{ port: 80 }] })
    const outcome = await this.writer.write({ kind: 'create Service', request, wanted: PASS })
    if (outcome === 'passed' || (await this.isStored(name))) this.names.push(name)
  }

  private async remove(): Promise<void> {
    const name = this.take()
    const request = { method: 'DELETE', path: `${COLLECTION}/${name}`, as: racer(0) }
    const outcome = await this.writer.write({ kind: 'delete Service', request, wanted: PASS })
    if (outcome !== 'passed' && (await this.isStored(name))) this.names.push(name)
  }

  private async change(): Promise<void> {
    const name = this.take()
    const note = { 'example.com/note': `n${this.next++}` }
    const [kind, body] = this.random.pick([
      ['annotate Service', { metadata: { annotations: note } }],
      ['label Service', { metadata: { labels: note } }],
      ['change Service', { spec: { ports: [{ port: 80 + this.random.int(1_000) }] } }]
    ] as const)
    const request = { method: 'PATCH', path: `${COLLECTION}/${name}`, body, as: racer(0) }
    await this.writer.write({ kind, request, wanted: PASS })
    this.names.push(name)
  }

  private async refused(): Promise<void> {
    const name = `service-${this.next++}`
    const [rule, spec] = this.random.pick([
      ['service-port', { ports: [{ port: 22 }] }],
      ['service-external-ips', { ports: [{ port: 80 }], externalIPs: ['192.0.2.10'] }]
    ] as const)
    const wanted = { what: 'refusal', rules: [rule] } as const
    const kind = `Service against ${rule}`
    const outcome = await this.writer.write({ kind, request: this.creation(name, spec), wanted })
    if (outcome !== 'refused' && (await this.isStored(name))) this.names.push(name)
  }

  private creation(name: string, spec: object) {
    const metadata = { name, namespace: TENANT_NAMESPACE }
    const body = { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer', ...spec } }
    return { method: 'POST', path: COLLECTION, body, as: racer(0) }
  }

  private async isStored(name: string): Promise<boolean> {
    return (await this.writer.read(`${COLLECTION}/${name}`)) !== undefined
  }

  /** One that nobody else writes until it is put back. */
  private take(): string {
    const name = this.random.pick(this.names)
    this.names = this.names.filter(one => one !== name)
    return name
  }
}
