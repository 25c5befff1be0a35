import { judge } from '../../src/admission/judge.ts'
import type { PolicySnapshot } from '../../src/admission/ports.ts'
import { admissionReview, rawObject } from '../../src/admission/raw-object.ts'
import { parseReview } from '../../src/admission/review.ts'
import { Inventory } from '../../src/inventory/inventory.ts'

/** The objects that histories are about. */
export type Stored = VpcJson | EipJson | NodeJson

export interface VpcJson {
  readonly apiVersion: 'kubeovn.io/v1'
  readonly kind: 'Vpc'
  readonly metadata: { readonly name: string }
  readonly spec: { readonly enableExternal?: boolean; readonly extraExternalSubnets?: readonly string[] }
}

export interface EipJson {
  readonly apiVersion: 'kubeovn.io/v1'
  readonly kind: 'OvnEip'
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly externalSubnet?: string; readonly type?: string; readonly v4Ip?: string }
}

export interface NodeJson {
  readonly apiVersion: 'v1'
  readonly kind: 'Node'
  readonly metadata: { readonly name: string }
}

export function vpcJson(name: string, spec: VpcJson['spec']): VpcJson {
  return { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec }
}

export function eipJson(name: string, spec: EipJson['spec']): EipJson {
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', metadata: { name }, spec }
}

/** One write; `object` of a DELETE is what is stored. */
export interface Write {
  readonly op: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly user: string
  readonly object: VpcJson | EipJson
  readonly oldObject: VpcJson | EipJson | undefined
}

export interface Verdict {
  readonly allowed: boolean
  /** Ids of the rules that denied, or warned, each once. */
  readonly denied: readonly string[]
  readonly warned: readonly string[]
}

/** What the cluster holds, as JSON and in an inventory that decisions are made on. */
export class World {
  readonly snapshot: PolicySnapshot
  readonly #inventory = new Inventory()
  readonly #objects = new Map<string, Stored>()

  constructor(snapshot: PolicySnapshot, objects: readonly Stored[] = []) {
    this.snapshot = snapshot
    this.#inventory.setAllKnown()
    for (const object of objects) this.put(object)
  }

  get objects(): readonly Stored[] {
    return [...this.#objects.values()]
  }

  vpc(name: string): VpcJson | undefined {
    const found = this.#objects.get(`Vpc/${name}`)
    return found?.kind === 'Vpc' ? found : undefined
  }

  eip(name: string): EipJson | undefined {
    const found = this.#objects.get(`OvnEip/${name}`)
    return found?.kind === 'OvnEip' ? found : undefined
  }

  put(object: Stored): void {
    this.#objects.set(`${object.kind}/${object.metadata.name}`, object)
    this.#inventory.putJson(object.kind, object)
  }

  delete({ kind, metadata: { name } }: Stored): void {
    this.#objects.delete(`${kind}/${name}`)
    this.#inventory.delete(kind, '', name)
  }

  /** What poolguard says of the write, through the same door as a review of the API server. */
  async judge({ op, user, object, oldObject }: Write): Promise<Verdict> {
    const body = admissionReview({
      uid: 'history',
      operation: op,
      subResource: '',
      dryRun: false,
      user: { username: user, groups: [] },
      object: op === 'DELETE' ? undefined : rawObject(object),
      oldObject: rawObject(op === 'DELETE' ? object : oldObject)
    })
    const parsed = parseReview(body)
    if (!parsed.ok) throw new Error(parsed.reason)
    const ports = {
      snapshot: () => this.snapshot,
      view: this.#inventory,
      confirm: async () => [],
      now: () => 0
    }
    const { findings, fieldErrors, unjudged } = await judge(parsed.review, ports)
    if (fieldErrors.length + unjudged.length > 0) throw new Error('a write that could not be judged')
    const ids = (action: string) => [
      ...new Set(findings.filter(found => found.action === action).map(({ rule }) => rule.id))
    ]
    return { allowed: ids('deny').length === 0, denied: ids('deny'), warned: ids('warn') }
  }

  /** Does what a write that was allowed does. */
  apply({ op, object }: Write): void {
    if (op === 'DELETE') this.delete(object)
    else this.put(object)
  }
}
