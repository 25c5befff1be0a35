import type { Inventory } from '../inventory/inventory.ts'
import { isKindName } from '../kinds/index.ts'
import { refKey } from '../kinds/object-ref.ts'
import { GUARDED_KINDS } from '../ledger/guarded-claims.ts'
import { readRevision } from '../ledger/ledger.ts'
import type { GuardedObjects, StoredObject } from '../ledger/ports.ts'
import type { LiveReader } from './live-reader.ts'
import type { Watcher } from './watcher.ts'

export interface GuardedObjectsOptions {
  readonly inventory: Inventory
  readonly watcher: Pick<Watcher, 'watched'>
  readonly read: LiveReader
  /** Asked each time; false until a `RevisionOrder` knows. */
  readonly areRevisionsComparable: () => boolean
}

/** The guarded objects of a cluster that is followed: the inventory, and live reads that bring it up to date. */
export function guardedObjects(options: GuardedObjectsOptions): GuardedObjects {
  const { inventory, watcher, read } = options
  return {
    get areRevisionsComparable() {
      return options.areRevisionsComparable()
    },
    view: () => inventory,
    revision: kind => watcher.watched(kind)?.store.revision,
    get timesReplaced() {
      const stores = GUARDED_KINDS.map(kind => watcher.watched(kind)?.store.timesReplacedByOlder ?? 0)
      return stores.reduce((sum, times) => sum + times, 0)
    },
    async list(kinds) {
      const unread = await read(kinds.map(kind => ({ kind, namespace: '', name: '' })))
      return unread.length === 0
    },
    async stored(refs) {
      const unread = new Set((await read(refs)).map(({ ref }) => refKey(ref)))
      const found = new Map<string, StoredObject | null>()
      for (const ref of refs) {
        if (unread.has(refKey(ref)) || !isKindName(ref.kind)) continue
        const object = inventory.get(ref.kind, ref.namespace, ref.name)
        found.set(
          refKey(ref),
          object === undefined
            ? null
            : { uid: object.meta.uid, revision: readRevision(object.meta.resourceVersion) }
        )
      }
      return found
    }
  }
}
