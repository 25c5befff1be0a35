import type { Inventory } from '../inventory/inventory.ts'
import type { FieldError } from '../kinds/decode.ts'
import { refOf, type AnyObject, type KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { readRevision } from '../ledger/ledger.ts'
import type { CompleteList } from './list.ts'
import type { Entry } from './entry.ts'
import { isOlder } from './watch-event.ts'

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

/** Where a store stood when a read of the API server's storage began. */
export interface Mark {
  /**
   * The latest resourceVersion that anybody had brought by then. A quorum list of the kind that is begun afterwards is not older,
   * unless the storage went back; two that are under way at the same time may answer in the other order.
   */
  readonly newest: string
  /** Another one after the storage was found to have gone back. */
  readonly history: number
}

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
  private newest = '0'
  private history = 0
  /** What is here is of a history that is over. */
  private isForeign = false
  private replacedByOlder = 0
  private wentBack: () => void = () => {}

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

  /**
   * Times that an older list took the place of what was here, whether it was overtaken or the storage went back; or one of which
   * nobody knows whether it is older, where revisions are no numbers.
   */
  get timesReplacedByOlder(): number {
    return this.replacedByOlder
  }

  /** For `isOvertaken`; taken before the storage is asked. */
  mark(): Mark {
    return { newest: this.newest, history: this.history }
  }

  /** What was asked for after `mark` may be of a history that is over, or there is nothing yet to compare it with. */
  isOvertaken(mark: Mark): boolean {
    return mark.history !== this.history || this.isForeign
  }

  /** Calls once the storage has gone back; the kind must be listed anew. One listener; it must not throw. */
  onWentBack(listener: () => void): void {
    this.wentBack = listener
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
    const revision = readRevision(resourceVersion)
    if (revision !== undefined && (this.completeAt ?? -1n) < revision) this.completeAt = revision
    this.heardOf(resourceVersion)
  }

  /** Nobody watches, or not for certain the storage that there was: what is here may lack what was written. */
  doubt(): void {
    this.completeAt = undefined
  }

  setKnown(known: boolean): void {
    if (!known) this.completeAt = undefined
    if (this.inventory.known(this.kind) === known) return
    this.inventory.setKnown(this.kind, known)
    this.changed()
  }

  /** Makes the list the whole truth about the kind, in one step, and the kind known. */
  replace(list: CompleteList): void {
    const isAsNew = list.resourceVersion === this.newest || isOlder(this.newest, list.resourceVersion)
    if (!isAsNew) this.replacedByOlder += 1
    this.heardOf(list.resourceVersion)
    this.isForeign = false
    this.deletions.clear()
    this.unreadables.clear()
    this.listedAt = list.resourceVersion
    this.completeAt = readRevision(list.resourceVersion)
    const objects: AnyObject[] = []
    for (const entry of list.entries) {
      if (entry.read.ok) objects.push(entry.read.object)
      else this.unreadables.set(refKey(entry.ref), unreadable(entry, entry.read.errors))
    }
    this.inventory.replace(this.kind, objects)
    this.changed()
  }

  /**
   * The storage holds an earlier state than before: what is here counts for nothing any more, however high its revisions. The list
   * takes its place; without one the kind is unknown until it is listed.
   */
  goBack(list?: CompleteList): void {
    this.history += 1
    if (list === undefined) {
      this.replacedByOlder += 1
      this.isForeign = true
      this.setKnown(false)
    } else this.replace(list)
    this.newest = list?.resourceVersion ?? '0'
    this.wentBack()
  }

  /** Stores the object, unless what is here is as new. */
  put(entry: Entry): void {
    const key = refKey(entry.ref)
    const last = this.lastWord(entry.ref, key)
    if (entry.resourceVersion === last || isOlder(entry.resourceVersion, last)) return
    this.heardOf(entry.resourceVersion)
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

  private heardOf(resourceVersion: string): void {
    if (isOlder(this.newest, resourceVersion)) this.newest = resourceVersion
  }

  /** The resourceVersion up to which this object's state is known: a later read brings no older state of it. */
  lastWord(ref: ObjectRef, key = refKey(ref)): string {
    const stored = this.get(ref)?.meta.resourceVersion ?? this.unreadables.get(key)?.resourceVersion
    return stored ?? this.deletions.get(key) ?? this.listedAt
  }
}

function unreadable({ ref, resourceVersion }: Entry, errors: readonly FieldError[]): Unreadable {
  return { ref, resourceVersion, errors }
}
