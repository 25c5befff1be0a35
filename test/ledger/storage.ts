import { overlap, type AddressRange } from '../../src/address/range.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { Overlay } from '../../src/inventory/overlay.ts'
import type { View } from '../../src/inventory/view.ts'
import type { Claim } from '../../src/kinds/claim.ts'
import type { KindName } from '../../src/kinds/index.ts'
import { refKey, sameRef, type ObjectRef } from '../../src/kinds/object-ref.ts'
import { decodeLedger, encodeLedger } from '../../src/ledger/codec.ts'
import type { Ledger, LedgerRead } from '../../src/ledger/ledger.ts'
import type { PutOutcome, StoredObject } from '../../src/ledger/ports.ts'

/** An object as the API server has it. */
export interface Stored extends StoredObject {
  readonly ref: ObjectRef
  readonly revision: bigint
  readonly claims: readonly Claim[]
}

/** All objects, as of one revision. */
export interface State {
  readonly revision: bigint
  readonly objects: ReadonlyMap<string, Stored>
}

interface LedgerVersion {
  readonly version: string
  readonly lineage: string
  readonly text: string | undefined
  read?: LedgerRead
}

const NOTHING_STORED = new Inventory()

/** What the API server and its etcd do: objects with their history, one ledger with its own, and one counter for both. */
export class Storage {
  readonly history: State[] = [{ revision: 1n, objects: new Map() }]
  private revision = 1n
  private lineages = 0
  private ledgers: LedgerVersion[] = []
  private isLedgerThere = false

  get now(): State {
    const state = this.history.at(-1)
    if (state === undefined) throw new Error('there is always one')
    return state
  }

  /** Stores the object, or takes it away without claims; says who shares an address with whom then. */
  write(ref: ObjectRef, uid: string, claims: readonly Claim[] | undefined): string | undefined {
    this.revision += 1n
    const objects = new Map(this.now.objects)
    if (claims === undefined) objects.delete(refKey(ref))
    else objects.set(refKey(ref), { ref, uid, revision: this.revision, claims })
    this.history.push({ revision: this.revision, objects })
    return sharing([...objects.values()])
  }

  /** As the manifests make it: nothing in it. */
  installLedger(): void {
    this.isLedgerThere = true
    this.lineages += 1
    this.ledgers.push(this.versioned(undefined))
  }

  deleteLedger(): void {
    this.isLedgerThere = false
  }

  /** The latest, or one that was the latest `ago` versions before, as a cache would tell. */
  readLedger(ago: number): LedgerRead {
    const latest = this.ledgers.at(-1 - ago) ?? this.ledgers[0]
    if (!this.isLedgerThere || latest === undefined)
      return { ok: false, problem: 'missing', detail: 'not there' }
    return (latest.read ??= asRead(latest))
  }

  putLedger(ledger: Ledger): PutOutcome {
    const latest = this.isLedgerThere ? this.ledgers.at(-1)?.version : ''
    if (latest !== ledger.version) return 'conflict'
    if (ledger.version === '') this.lineages += 1
    this.isLedgerThere = true
    this.ledgers.push(this.versioned(encodeLedger(ledger)))
    return 'stored'
  }

  private versioned(text: string | undefined): LedgerVersion {
    this.revision += 1n
    return { version: String(this.revision), lineage: String(this.lineages), text }
  }
}

function asRead({ version, lineage, text }: LedgerVersion): LedgerRead {
  const read = decodeLedger(text, { version, lineage })
  return read.ok ? { ...read, isFirst: lineage === '1' } : read
}

/** What a cache knows that has each kind as of a state of its own. */
export function viewOf(states: ReadonlyMap<KindName, State>): View {
  const claims = [...states].flatMap(([kind, { objects }]) =>
    [...objects.values()].filter(({ ref }) => ref.kind === kind).flatMap(object => object.claims)
  )
  return new Overlay(NOTHING_STORED, claims)
}

/** The rule: nobody else has an address of these. */
export function hasForeign(
  view: View,
  domains: readonly string[],
  ranges: readonly AddressRange[],
  owner: ObjectRef
): boolean {
  return ranges.some(range => {
    for (const { holder } of view.overlapping(domains, range)) if (!sameRef(holder, owner)) return true
    return false
  })
}

function sharing(objects: readonly Stored[]): string | undefined {
  for (const [i, a] of objects.entries()) {
    for (const b of objects.slice(i + 1)) {
      const isShared = a.claims.some(x => b.claims.some(y => overlap(x.range, y.range) !== undefined))
      if (isShared) return `${refKey(a.ref)} and ${refKey(b.ref)}`
    }
  }
  return undefined
}
