import type { Inventory } from '../inventory/inventory.ts'
import type { FieldError } from '../kinds/decode.ts'
import { refOf, type AnyObject, type KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { CompleteList } from './list.ts'
import type { Entry } from './entry.ts'
import { isOlder, revisionOf } from './watch-event.ts'

/** An object that is stored but does not have the shape its kind promises, and the fields that are wrong. */
export interface Unreadable {
  readonly ref: ObjectRef
  readonly resourceVersion: string
  readonly errors: readonly FieldError[]
}

/**
 * Deletions that are remembered, so that an older word about the object cannot bring it back. A live read in flight is
 * the one that needs it; it takes 2 s at most, and the next complete list clears them all.
 */
const MAX_DELETIONS = 1000

/**
 * Writes one kind into the inventory, from lists, watches and live reads alike: whoever brings the later resourceVersion
 * wins, a complete list always does. Objects that do not decode stay out of the inventory and are listed here.
 */
export class KindStore {
  readonly kind: KindName
  /** Whether the JSON of its objects is kept (`sourceOf`). */
  readonly keepsJson: boolean
  private readonly inventory: Inventory
  private readonly changed: () => void
  private readonly unreadables = new Map<string, Unreadable>()
  private readonly deletions = new Map<string, string>()
  private listedAt = '0'
  private completeAt: bigint | undefined
  private replacements = 0

  /** `changed` is called after every change and must not throw. */
  constructor(kind: KindName, inventory: Inventory, changed: () => void, keepsJson = false) {
    this.kind = kind
    this.keepsJson = keepsJson
    this.inventory = inventory
    this.changed = changed
  }

  /** Objects of the kind, those that do not decode included. */
  get count(): number {
    return this.inventory.count(this.kind) + this.unreadables.size
  }

  get unreadable(): readonly Unreadable[] {
    return [...this.unreadables.values()]
  }

  /** Every write of the kind up to this one is in the inventory; undefined when that is not known. 0 for a kind that is absent. */
  get revision(): bigint | undefined {
    return this.completeAt
  }

  /** How often a complete list was made the whole truth: it may have been older than what it replaced. */
  get timesReplaced(): number {
    return this.replacements
  }

  /** The object in the inventory, or undefined. */
  get(ref: ObjectRef): AnyObject | undefined {
    return this.inventory.get(this.kind, ref.namespace, ref.name)
  }

  /** The kind's objects in a namespace (undefined: all), those that do not decode included. O(objects of the kind). */
  refsIn(namespace: string | undefined): readonly ObjectRef[] {
    const refs = [...[...this.inventory.list(this.kind)].map(refOf), ...this.unreadable.map(({ ref }) => ref)]
    return namespace === undefined ? refs : refs.filter(ref => ref.namespace === namespace)
  }

  /** All that was written up to this revision has been put or deleted here. */
  completed(resourceVersion: string): void {
    const revision = revisionOf(resourceVersion)
    if (revision !== undefined && (this.completeAt ?? -1n) < revision) this.completeAt = revision
  }

  setKnown(known: boolean): void {
    if (!known) this.completeAt = undefined
    if (this.inventory.known(this.kind) === known) return
    this.inventory.setKnown(this.kind, known)
    this.changed()
  }

  /** Makes the list the whole truth about the kind, in one step, and the kind known. */
  replace(list: CompleteList): void {
    this.replacements += 1
    this.deletions.clear()
    this.unreadables.clear()
    this.listedAt = list.resourceVersion
    this.completeAt = revisionOf(list.resourceVersion)
    const objects: AnyObject[] = []
    for (const entry of list.entries) {
      if (entry.read.ok) objects.push(entry.read.object)
      else this.unreadables.set(refKey(entry.ref), unreadable(entry, entry.read.errors))
    }
    this.inventory.replace(this.kind, objects)
    this.changed()
  }

  /** Stores the object, unless what is here is as new. */
  put(entry: Entry): void {
    const key = refKey(entry.ref)
    const last = this.lastWord(entry.ref, key)
    if (entry.resourceVersion === last || isOlder(entry.resourceVersion, last)) return
    this.deletions.delete(key)
    if (entry.read.ok) {
      this.unreadables.delete(key)
      this.inventory.put(this.kind, entry.read.object)
    } else {
      this.inventory.delete(this.kind, entry.ref.namespace, entry.ref.name)
      this.unreadables.set(key, unreadable(entry, entry.read.errors))
    }
    this.changed()
  }

  /** Forgets the object, unless what is here is newer than its deletion. */
  delete(ref: ObjectRef, resourceVersion: string): void {
    const key = refKey(ref)
    if (isOlder(resourceVersion, this.lastWord(ref, key))) return
    this.deletions.delete(key)
    this.deletions.set(key, resourceVersion)
    const [oldest] = this.deletions.keys()
    if (this.deletions.size > MAX_DELETIONS && oldest !== undefined) this.deletions.delete(oldest)
    this.remove(ref, key)
  }

  /** Forgets the object when it is still the one that was `seen` before somebody asked and heard that it is gone. */
  forget(ref: ObjectRef, seen: AnyObject | undefined): void {
    if (this.get(ref) === seen) this.remove(ref, refKey(ref))
  }

  private remove(ref: ObjectRef, key: string): void {
    const wasHere = this.unreadables.delete(key) || this.get(ref) !== undefined
    this.inventory.delete(this.kind, ref.namespace, ref.name)
    if (wasHere) this.changed()
  }

  /** The resourceVersion up to which this object's state is known. */
  private lastWord(ref: ObjectRef, key: string): string {
    const stored = this.get(ref)?.meta.resourceVersion ?? this.unreadables.get(key)?.resourceVersion
    return stored ?? this.deletions.get(key) ?? this.listedAt
  }
}

function unreadable({ ref, resourceVersion }: Entry, errors: readonly FieldError[]): Unreadable {
  return { ref, resourceVersion, errors }
}
