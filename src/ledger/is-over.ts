import type { Attempt } from './ledger.ts'
import type { StoredObject } from './ports.ts'

/**
 * Whether what is stored shows that the write can come no more, now or later: the object that a CREATE makes has been stored, or the
 * one that an UPDATE replaces has been replaced, by it or by another, and etcd compares revisions. What the object holds by now
 * does not matter, nor how late it is read. An object that is not there shows nothing: a CREATE may yet make it.
 */
export function isOver(
  { uid, replaces }: Attempt,
  stored: StoredObject | null | undefined,
  areRevisionsComparable: boolean
): boolean {
  if (!stored || stored.uid !== uid || replaces === undefined) return false
  if (replaces === 0n) return true
  return areRevisionsComparable && stored.revision !== undefined && stored.revision > replaces
}
