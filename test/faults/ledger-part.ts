import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { blankLedger, decodeLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { Collector } from '../../src/ledger/collector.ts'
import { Continuity } from '../../src/ledger/continuity.ts'
import { Guard } from '../../src/ledger/guard.ts'
import { COLLECT_EVERY_MS, TTL_MS } from '../../src/ledger/limits.ts'
import type { ClaimStore, GuardedObjects, LedgerPorts } from '../../src/ledger/ports.ts'
import { refKey } from '../../src/kinds/object-ref.ts'
import { Inventory } from '../../src/inventory/inventory.ts'

/** One replica's part in a ledger: the real guard and collector, on a clock that a test can put forward. */
export interface LedgerPart {
  readonly guard: Guard
  readonly collector: Collector
  /** Puts the clock of the ledger forward, and no other one. */
  advance(ms: number): void
}

/** `offsetMs`: what the clock tells more than others do. */
export function takePart(store: ClaimStore, objects: GuardedObjects, offsetMs = 0): LedgerPart {
  let aheadMs = offsetMs
  const ports = { ...portsOf(store, () => performance.now() + aheadMs), objects }
  const continuity = new Continuity(() => ports.clock.nowMs())
  return {
    guard: new Guard(ports, continuity),
    collector: new Collector(ports, continuity),
    advance: ms => void (aheadMs += ms)
  }
}

/** A ledger without a cluster, by compare-and-swap as well. */
export interface MemoryStore extends ClaimStore {
  text(): string | undefined
}

/** `text`: what is in it at first; undefined: nothing was ever written into it. */
export function memoryStore(text?: string): MemoryStore {
  let stored = text
  let version = 1
  return {
    text: () => stored,
    async read() {
      const read = decodeLedger(stored, { version: String(version), lineage: 'memory' })
      return read.ok ? { ...read, isFirst: true } : read
    },
    async put(ledger) {
      if (ledger.version !== String(version)) return 'conflict'
      version += 1
      stored = encodeLedger(ledger)
      return 'stored'
    }
  }
}

/**
 * Of the claims in this ledger, how many the collector of a replica that is well does not take away by `TTL_MS` and one round,
 * with none of their objects stored. On a copy, so that it can be asked while a fault keeps everybody from the ledger itself.
 */
export async function claimsThatStay(text: string | undefined): Promise<number> {
  const store = memoryStore(text)
  let nowMs = 0
  const collector = new Collector({ ...portsOf(store, () => nowMs), objects: NOTHING_STORED })
  await collector.collect()
  nowMs = TTL_MS + COLLECT_EVERY_MS
  await collector.collect()
  const read = await store.read()
  // What cannot be read stays for ever as a whole.
  return read.ok ? read.ledger.claims.length : Number.POSITIVE_INFINITY
}

/** The names of the owners of claims in a ledger. */
export function claimants(text: string | undefined): readonly string[] {
  const read = decodeLedger(text, { version: '', lineage: '' })
  return (read.ok ? read.ledger : blankLedger({ version: '', lineage: '' })).claims.map(
    ({ owner }) => owner.name
  )
}

const NOTHING_STORED: GuardedObjects = {
  areRevisionsComparable: true,
  view: () => new Inventory(),
  revision: () => 0n,
  timesReplaced: 0,
  list: async () => true,
  stored: async refs => new Map(refs.map(ref => [refKey(ref), null]))
}

function portsOf(store: ClaimStore, nowMs: () => number): Omit<LedgerPorts, 'objects'> {
  return {
    store,
    clock: { nowMs, sleep: ms => sleep(ms), within: work => work, random: Math.random },
    newId: randomUUID,
    observe: () => {}
  }
}
