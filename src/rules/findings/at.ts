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

/** Ways out of a range finding, the best one first; undefined where there is none. All lie where pools may lie. */
export interface Alternative {
  /** The free range nearest to the value, with as many addresses. */
  readonly nearest: AddressRange | undefined
  /** The largest part of the value itself that is free. */
  readonly largestPart: AddressRange | undefined
  /** The largest free range of all. */
  readonly largestFree: AddressRange | undefined
}
