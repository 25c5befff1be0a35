import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'

/** What every finding has: the field it is about, the value found there, and the other objects it rests on. */
export interface At {
  readonly field: string
  readonly value: string
  /** The objects whose presence or content (or absence) made this a finding; they are read live before a denial. */
  readonly restsOn: readonly ObjectRef[]
  /** The strictest action this finding may lead to, whatever its rule's is; absent when there is no such limit. */
  readonly atMost?: 'warn'
}

/** What addresses are used for; `external` are those of one OvnEip. */
export type Use = 'pool' | 'node' | 'services' | 'pods' | 'reserved' | 'provider' | 'external'

/** Who has addresses that nobody else may give out. */
export interface Occupant {
  readonly use: Use
  /** The object that says so; the NetworkPlan for what only the plan says. */
  readonly other: ObjectRef
  /** The plan's words for the range: how it is written, and for reserved ones what for and whose. '' for objects. */
  readonly note: string
}

/** Ways out of a range finding, the best one first; undefined where there is none. All lie where pools may lie. */
export interface Alternative {
  /** The free range nearest to the value, with as many addresses. */
  readonly nearest: AddressRange | undefined
  /** The largest part of the value itself that is free. */
  readonly largestPart: AddressRange | undefined
  /** The largest free range of all. */
  readonly largestFree: AddressRange | undefined
}
