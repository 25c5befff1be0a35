import type { Test } from 'tap'
import { LEDGER_KEY, LEDGER_NAME } from '../../src/cluster/ledger-store.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import {
  FakeApiServer,
  openWatch,
  sendEvent,
  sendJson,
  sendList,
  sendStatus,
  type Call,
  type Script
} from '../cluster-client/fake-api-server.ts'
import { claimants } from './ledger-part.ts'
import { STORED } from './reviews.ts'
import { lastPart, nameOf } from './world.ts'

/** A call to the ConfigMap of the ledger, and by whose token it came. */
interface LedgerCall {
  readonly isPut: boolean
  readonly caller: string
}

/** Holds calls up until it is opened. */
export interface Gate {
  /** Resolves when the first call waits. */
  readonly reached: Promise<void>
  open(): void
}

interface Hook {
  readonly moment: 'before' | 'after'
  readonly matches: (call: LedgerCall) => boolean
  readonly wait: () => Promise<void>
}

interface Change {
  readonly type: 'ADDED' | 'DELETED'
  readonly object: object
  readonly revision: number
}

/** A fake API server that stores: pools with watches, and the ledger by compare-and-swap, on one counter of revisions. */
export class StoringApiServer {
  readonly fake: FakeApiServer
  readonly pools = new Map<unknown, object>(STORED.map(object => [nameOf(object), object]))
  /** Undefined data: as the manifests make it. */
  ledger:
    | { readonly uid: string; readonly createdAt: string; revision: number; text: string | undefined }
    | undefined
  /** Whose watches tell nothing. */
  paused: string | undefined
  private revision = 100
  private readonly createdAt = new Date().toISOString()
  private readonly changes: Change[] = []
  private readonly watches: { readonly call: Call; heard: number }[] = []
  private hooks: readonly Hook[] = []

  constructor() {
    this.ledger = { uid: 'ledger-100', createdAt: this.createdAt, revision: 100, text: undefined }
    this.fake = new FakeApiServer(this.script())
  }

  /** As the storage does after all webhooks have allowed it: 201, or 409 for a name that is taken. */
  create(object: object): number {
    if (this.pools.has(nameOf(object))) return 409
    this.change('ADDED', object)
    return 201
  }

  delete(name: string): void {
    const object = this.pools.get(name)
    if (object !== undefined) this.change('DELETED', object)
  }

  /** Watches that are not paused tell what they have not told yet. */
  deliver(): void {
    for (const watch of this.watches) {
      if (callerOf(watch.call) === this.paused) continue
      for (const { type, object, revision } of this.changes.filter(change => change.revision > watch.heard)) {
        sendEvent(watch.call, type, object)
        watch.heard = revision
      }
    }
  }

  /** Names of the objects that there are claims for; empty too when there is no ledger. */
  claimants(): readonly string[] {
    return claimants(this.ledgerText())
  }

  /** As it is stored now; undefined when nothing was ever written into it. */
  ledgerText(): string | undefined {
    return this.ledger?.text
  }

  /** Holds such calls, before they reach the storage or before they are answered. */
  hold(moment: Hook['moment'], matches: Hook['matches']): Gate {
    let tell = () => {}
    let open = () => {}
    const reached = new Promise<void>(resolve => (tell = resolve))
    const opened = new Promise<void>(resolve => (open = resolve))
    const wait = () => {
      tell()
      return opened
    }
    this.hooks = [...this.hooks, { moment, matches, wait }]
    return { reached, open }
  }

  /** Delays all calls to the ledger, before and after the storage. */
  delay(wait: () => Promise<void>): void {
    const matches = () => true
    this.hooks = [
      { moment: 'before', matches, wait },
      { moment: 'after', matches, wait }
    ]
  }

  /** No call is delayed or held from now on; gates that are closed keep what they hold. */
  letThrough(): void {
    this.hooks = []
  }

  private change(type: Change['type'], object: object): void {
    this.revision += 1
    const changed = stamped(object, this.revision)
    if (type === 'ADDED') this.pools.set(nameOf(object), changed)
    else this.pools.delete(nameOf(object))
    this.changes.push({ type, object: changed, revision: this.revision })
    this.deliver()
  }

  private script(): Script {
    return {
      list: call => sendList(call, isPools(call) ? [...this.pools.values()] : [], this.revision),
      watch: call => {
        openWatch(call)
        if (!isPools(call)) return
        this.watches.push({ call, heard: Number(call.query.get('resourceVersion')) })
        this.deliver()
      },
      object: call => (call.path.includes('/configmaps') ? this.ledgerCall(call) : this.read(call))
    }
  }

  private read(call: Call): void {
    if (call.path === '/api/v1/namespaces/poolguard')
      return sendJson(call, 200, { metadata: { creationTimestamp: this.createdAt } })
    const found = this.pools.get(lastPart(call))
    if (found === undefined) sendStatus(call, 404, 'NotFound', { name: lastPart(call) })
    else sendJson(call, 200, found)
  }

  private async ledgerCall(call: Call): Promise<void> {
    const isPut = call.method !== 'GET'
    const body: unknown = isPut ? JSON.parse(await call.body()) : undefined
    const about = { isPut, caller: callerOf(call) }
    await this.hooked('before', about)
    const status = isPut ? this.put(call.method, body) : this.ledger === undefined ? 404 : 200
    const answer = this.configMap()
    await this.hooked('after', about)
    if (status < 300) sendJson(call, status, answer)
    else sendStatus(call, status, status === 409 ? 'Conflict' : 'NotFound', { name: LEDGER_NAME })
  }

  private async hooked(moment: Hook['moment'], call: LedgerCall): Promise<void> {
    for (const hook of this.hooks) if (hook.moment === moment && hook.matches(call)) await hook.wait()
  }

  /** The status: a PATCH must name the version that is there, a POST finds none. */
  private put(method: string, body: unknown): number {
    const { metadata, data } = isRecord(body) ? body : {}
    const text = isRecord(data) ? data[LEDGER_KEY] : undefined
    if (typeof text !== 'string') return 400
    const refusal = method === 'POST' ? this.refusesPost() : this.refusesPatch(metadata)
    if (refusal !== undefined) return refusal
    this.revision += 1
    const uid = this.ledger?.uid ?? `ledger-${this.revision}`
    const createdAt = this.ledger?.createdAt ?? new Date().toISOString()
    this.ledger = { uid, createdAt, revision: this.revision, text }
    return method === 'POST' ? 201 : 200
  }

  private refusesPost(): number | undefined {
    return this.ledger === undefined ? undefined : 409
  }

  private refusesPatch(metadata: unknown): number | undefined {
    if (this.ledger === undefined) return 404
    const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined
    return version === String(this.ledger.revision) ? undefined : 409
  }

  private configMap(): object {
    const { uid, createdAt, revision, text } = this.ledger ?? {}
    const data = text === undefined ? {} : { data: { [LEDGER_KEY]: text } }
    return {
      kind: 'ConfigMap',
      metadata: { name: LEDGER_NAME, uid, creationTimestamp: createdAt, resourceVersion: String(revision) },
      ...data
    }
  }
}

/** Listening, and gone with the test. */
export async function storingApiServer(t: Test): Promise<StoringApiServer> {
  const storing = new StoringApiServer()
  await storing.fake.listen()
  t.teardown(() => storing.fake.close())
  return storing
}

function isPools(call: Call): boolean {
  return lastPart(call) === 'ipaddresspools'
}

function callerOf({ headers }: Call): string {
  return headers.authorization?.replace('Bearer ', '') ?? ''
}

function stamped(object: object, revision: number): object {
  const metadata = 'metadata' in object && isRecord(object.metadata) ? object.metadata : {}
  return { ...object, metadata: { ...metadata, resourceVersion: String(revision) } }
}
