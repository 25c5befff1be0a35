import type { View } from '../inventory/view.ts'
import type { KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Ledger, LedgerRead } from './ledger.ts'

/** `unknown`: it may be written or not, now or in a moment. */
export type PutOutcome = 'stored' | 'conflict' | 'unknown'

/** Where the ledger is kept. Neither call rejects; both end within seconds. */
export interface ClaimStore {
  read(): Promise<LedgerRead>
  /** Replaces the ledger of exactly `ledger.version`, or makes one for ''; `conflict` when there is another by now. */
  put(ledger: Ledger): Promise<PutOutcome>
}

/** An object that is stored. */
export interface StoredObject {
  readonly uid: string
  /** undefined when it is no number. */
  readonly revision: bigint | undefined
}

/** The objects whose addresses the ledger guards. Nothing here rejects. */
export interface GuardedObjects {
  /** Whether the server's revisions of one kind are numbers that grow. */
  readonly areRevisionsComparable: boolean
  /** What is known now. */
  view(): View
  /** Every write of the kind up to this revision is in the view; undefined when that is not known. */
  revision(kind: KindName): bigint | undefined
  /** Another number after each time that a kind may have been replaced in the view by an older state. */
  readonly timesReplaced: number
  /** Brings the view up to what the storage holds of these kinds at this moment; false when one cannot be read. */
  list(kinds: readonly KindName[]): Promise<boolean>
  /** What the storage holds of these now, by `refKey`: null when it is not there, no entry when that cannot be learned. */
  stored(refs: readonly ObjectRef[]): Promise<ReadonlyMap<string, StoredObject | null>>
}

/** Time and chance. */
export interface LedgerClock {
  /** Milliseconds on this replica's own clock, which never jumps back. */
  nowMs(): number
  sleep(ms: number): Promise<void>
  /** What the work comes to, or undefined after `ms`; the work goes on then. */
  within<T>(work: Promise<T>, ms: number): Promise<T | undefined>
  /** In [0, 1). */
  random(): number
}

/** What became of one write that the ledger was asked about. */
export interface LedgerEvent {
  readonly outcome: 'claimed' | 'denied' | 'in-flight' | 'dry-run' | 'retry' | 'closed'
  /** Times that somebody else wrote the ledger first. */
  readonly conflicts: number
  /** From the call to the answer, the wait for other writes of this replica included. */
  readonly waitMs: number
}

export interface LedgerPorts {
  readonly store: ClaimStore
  readonly objects: GuardedObjects
  readonly clock: LedgerClock
  /** A text that no replica ever gave before. */
  newId(): string
  observe(event: LedgerEvent): void
}
