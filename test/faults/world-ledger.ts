import type { ApiServer } from '../../src/cluster/connect.ts'
import { guardedObjects, type GuardedObjectsOptions } from '../../src/cluster/guarded-objects.ts'
import { haveComparableRevisions } from '../../src/cluster/revision-order.ts'
import { configMapStore } from '../../src/cluster/ledger-store.ts'
import { blankLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { GUARDED_KINDS } from '../../src/ledger/guarded-claims.ts'
import type { KindName } from '../../src/kinds/index.ts'
import type { FakeApiServer } from '../cluster-client/fake-api-server.ts'
import { memoryStore, takePart, type LedgerPart } from './ledger-part.ts'

/** One of several replicas on one API server. */
export interface Replica {
  readonly on: {
    readonly fake: FakeApiServer
    /** Of the ledger as it is stored. */
    ledgerText(): string | undefined
  }
  /** By which the API server knows it. */
  readonly token: string
  /** What its clock tells more than those of others. */
  readonly clockOffsetMs?: number
}

/**
 * Replicas share the one of their API server. All others have one in memory that asks for no lists, so that scripts need not know
 * of it; what becomes of a ledger that is out of reach is told by the rows of ledger.test.ts.
 */
export async function ledgerOf(
  of: Omit<GuardedObjectsOptions, 'areRevisionsComparable'> & { readonly api: ApiServer },
  replica: Replica | undefined
): Promise<{ readonly ledger: LedgerPart; readonly ledgerText: () => string | undefined }> {
  const areComparable = replica === undefined || (await haveComparableRevisions(of.api)) === true
  const objects = guardedObjects({
    ...of,
    areRevisionsComparable: () => areComparable
  })
  if (replica === undefined) {
    const minRevision = new Map(GUARDED_KINDS.map(kind => [kind, 0n]))
    const store = memoryStore(encodeLedger({ ...blankLedger({ version: '', lineage: '' }), minRevision }))
    // While no watch is open nobody knows up to which revision; a ledger that is out of reach with it would not ask.
    const askingForNone = { ...objects, revision: (kind: KindName) => objects.revision(kind) ?? 0n }
    return { ledger: takePart(store, askingForNone), ledgerText: () => store.text() }
  }
  const store = configMapStore(of.api, 'poolguard')
  return {
    ledger: takePart(store, objects, replica.clockOffsetMs),
    ledgerText: () => replica.on.ledgerText()
  }
}
