import type { AddressRange } from '../address/range.ts'
import type { Claim, Domain } from '../kinds/claim.ts'
import type { KindName, Kinds } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** What a free-range search looks for. */
export interface FreeSearch {
  /** Claims of these domains are in the way. */
  readonly domains: readonly Domain[]
  /** Where the answer must lie, each range wholly inside one of these. */
  readonly within: readonly AddressRange[]
  /** The answer is the one closest to this range. */
  readonly near: AddressRange
  /** Number of addresses. */
  readonly size: bigint
  /** Its claims are not in the way: the object being judged. */
  readonly except: ObjectRef
}

/** The read-only questions rules ask of what the cluster holds now. */
export interface View {
  /** The stored object, or undefined when there is none. `namespace` is '' for cluster-scoped kinds. */
  get<K extends KindName>(kind: K, namespace: string, name: string): Kinds[K] | undefined
  /** All stored objects of a kind, in no particular order. O(n) to walk. */
  list<K extends KindName>(kind: K): Iterable<Kinds[K]>
  /** False when the kind could not be read, so that an absence means nothing. A kind without CRD is known and empty. */
  known(kind: KindName): boolean
  /** Claims of these domains that share an address with `range`, ascending within a domain. O(log n + hits) a domain. */
  overlapping(domains: readonly Domain[], range: AddressRange): Iterable<Claim>
  /** The free range of `size` addresses nearest to `near`, or undefined. Costs O(log n) for each claim passed over. */
  nearestFree(search: FreeSearch): AddressRange | undefined
  /** The same view with these claims laid over it. */
  with(claims: readonly Claim[]): View
}
