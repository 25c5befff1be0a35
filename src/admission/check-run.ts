import { Inventory } from '../inventory/inventory.ts'
import type { View } from '../inventory/view.ts'
import { isRecord } from '../kinds/decode.ts'
import { KIND_NAMES, kindOf, KINDS, type KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { capacityOf } from '../rules/capacity.ts'
import { applied, named, withoutStatus, type JsonObject } from './apply.ts'
import {
  judgedObject,
  reportOn,
  settledObject,
  silentObject,
  type CheckedObject,
  type CheckReport,
  type CheckSubject
} from './check-report.ts'
import { judge } from './judge.ts'
import { mutate } from './mutate.ts'
import { patched, patchOf } from './patch.ts'
import type { PolicySnapshot, Ports } from './ports.ts'
import { rawObject, type RawObject, type UserInfo } from './raw-object.ts'
import type { Review } from './review.ts'

/** What the objects are checked against. */
export interface CheckContext {
  readonly snapshot: PolicySnapshot
  /** What is there already. It is copied, so that nothing checked appears in it: O(objects). */
  readonly view: View
  /** Kinds to count as known besides those of the view. Rules that read others are left unchecked. */
  readonly known: readonly KindName[]
  /** An object as it is stored, also of a kind the view leaves out; undefined when there is none. Asked once an object. */
  stored(ref: ObjectRef): Promise<JsonObject | undefined>
  /** Who applies them. */
  readonly user: UserInfo
  /** When, in milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * Checks objects as if `kubectl apply` wrote them one after the other: each a CREATE, or an UPDATE of what is stored or
 * came earlier; first defaulted, then judged. What is allowed is there for the following ones, what is denied is not. A
 * warning that is settled by what follows is not reported.
 */
export async function checkObjects(
  subjects: readonly CheckSubject[],
  context: CheckContext
): Promise<CheckReport> {
  const run = new CheckRun(context)
  const objects: CheckedObject[] = []
  for (const subject of subjects) objects.push(await run.check(subject))
  const settled = await Promise.all(objects.map(object => run.settled(object)))
  return reportOn(settled, { capacity: capacityOf(run.view, context.snapshot.plan), edgeNat: undefined })
}

/** What a run made of an object, and the manifest it came from. */
interface Written {
  readonly object: JsonObject
  readonly manifest: JsonObject
}

interface Write {
  readonly review: Review & { readonly kind: KindName }
  readonly object: JsonObject
  /** Applying it changes nothing, so kubectl sends nothing. */
  readonly isUnchanged: boolean
}

class CheckRun {
  readonly #context: CheckContext
  readonly #inventory: Inventory
  readonly #ports: Ports
  readonly #written = new Map<string, Written>()
  /** The reviews of objects about which something was said besides denials. */
  readonly #warned = new Map<CheckedObject, Review>()

  constructor(context: CheckContext) {
    this.#context = context
    this.#inventory = copyOf(context.view, context.known)
    this.#ports = {
      snapshot: () => context.snapshot,
      view: this.#inventory,
      confirm: async () => [],
      now: () => context.nowMs
    }
  }

  /** What is there now. */
  get view(): View {
    return this.#inventory
  }

  /** An object without the warnings that what was applied since has settled. */
  async settled(checked: CheckedObject): Promise<CheckedObject> {
    const review = this.#warned.get(checked)
    return review === undefined ? checked : settledObject(checked, await judge(review, this.#ports))
  }

  async check(subject: CheckSubject): Promise<CheckedObject> {
    const given = rawObject(subject.object)
    const kind = given && kindOf(given.group, given.ref.kind)
    if (given === undefined || kind === undefined) {
      return silentObject(subject, given?.ref ?? NO_OBJECT, 'not-judged')
    }
    const manifest = this.#named(given)
    const { ref } = manifest
    const write = await this.#writeOf(kind, manifest)
    if (!this.#context.snapshot.rules.some(rule => rule.on.includes(kind))) {
      this.#store(kind, ref, { object: write.object, manifest: manifest.json })
      return silentObject(subject, ref, 'not-judged')
    }
    return write.isUnchanged ? silentObject(subject, ref, 'passed') : this.#judge(subject, manifest, write)
  }

  async #judge(
    subject: CheckSubject,
    manifest: RawObject,
    { review, object }: Write
  ): Promise<CheckedObject> {
    const defaults = await mutate(review, this.#ports)
    const final = defaults.length === 0 ? object : patched(object, defaults)
    const written = { ...review, object: final }
    const judgement = await judge(written, this.#ports)
    const checked = judgedObject(subject, manifest.ref, judgement, defaults)
    if (checked.findings.some(({ action }) => action !== 'deny')) this.#warned.set(checked, written)
    if (checked.verdict !== 'denied') {
      this.#store(review.kind, manifest.ref, { object: final, manifest: manifest.json })
    }
    return checked
  }

  /** With the name and the namespace that the API server would fill in. */
  #named(given: RawObject): RawObject {
    const { metadata } = given.json
    const isGenerated = isRecord(metadata) && metadata['name'] === undefined && given.ref.name !== ''
    const name = isGenerated ? `${given.ref.name}${this.#written.size + 1}` : given.ref.name
    return { ...given, ref: { ...given.ref, name }, json: named(given, name) }
  }

  async #writeOf(kind: KindName, { ref, json }: RawObject): Promise<Write> {
    const before = this.#written.get(refKey(ref))
    const stored = before?.object ?? (await this.#context.stored(ref))
    const object = stored === undefined ? created(kind, json) : applied(stored, before?.manifest, json)
    const review = {
      uid: 'check',
      kind,
      group: KINDS[kind].group,
      kindName: kind,
      resource: KINDS[kind].resource,
      subResource: '',
      operation: stored === undefined ? 'CREATE' : 'UPDATE',
      namespace: ref.namespace,
      name: ref.name,
      username: this.#context.user.username,
      groups: this.#context.user.groups,
      dryRun: true,
      object,
      oldObject: stored ?? null
    } as const
    return { review, object, isUnchanged: stored !== undefined && patchOf(stored, object).length === 0 }
  }

  #store(kind: KindName, ref: ObjectRef, written: Written): void {
    this.#written.set(refKey(ref), written)
    this.#inventory.putJson(kind, written.object)
  }
}

const NO_OBJECT: ObjectRef = { kind: '', namespace: '', name: '' }

/** The API server drops `status` on CREATE, except that of Nodes, which kubelets register with theirs. */
function created(kind: KindName, manifest: JsonObject): JsonObject {
  return kind === 'Node' ? manifest : withoutStatus(manifest)
}

function copyOf(view: View, known: readonly KindName[]): Inventory {
  const copy = new Inventory()
  for (const kind of KIND_NAMES) {
    copyKind(view, copy, kind)
    copy.setKnown(kind, view.known(kind) || known.includes(kind))
  }
  return copy
}

function copyKind<K extends KindName>(from: View, to: Inventory, kind: K): void {
  for (const object of from.list(kind)) to.put(kind, object)
}
