import type { Claim } from './claim.ts'
import type { Cursor } from './decode.ts'
import type { Meta } from './meta.ts'

/** All that the rest of the program knows about one kind. One file in this folder each, one line in `index.ts`. */
export interface KindDefinition<T extends { readonly meta: Meta }> {
  readonly kind: string
  /** API group; '' is the core group. */
  readonly group: string
  /** Versions that are read, the preferred one first; all of them decode alike. */
  readonly versions: readonly [string, ...string[]]
  /** The plural name in URLs and webhook rules. */
  readonly resource: string
  readonly namespaced: boolean
  /** `object` points at the whole object; wrong types are noted in its errors, never thrown. */
  decode(object: Cursor, meta: Meta): T
  /** For kinds with a scale subresource: the same object with another number of replicas. */
  readonly scaled?: (object: T, replicas: number) => T
  /**
   * Subresources whose writes carry the object's labels and owners as well, and are judged like writes of the object. Only
   * kinds of Kubernetes' own have such; absent for none.
   */
  readonly writtenThrough?: readonly string[]
  /** The ranges the object holds. Texts that do not parse claim nothing: a syntax rule speaks of those. */
  claims(object: T): readonly Claim[]
  /** Everything else that rules judge, as plain values and Maps: an update that changes neither this nor adds to the
   * claims grows nothing and passes from the review alone. */
  judged(object: T): unknown
  /** What else an update can take away, though the object claims the same addresses and is judged by the same values. */
  loses?(oldObject: T, object: T): boolean
}
