import { isRecord } from '../kinds/decode.ts'
import { decodeLedger, encodeLedger, type LedgerIdentity } from '../ledger/codec.ts'
import type { LedgerRead } from '../ledger/ledger.ts'
import type { ClaimStore, PutOutcome } from '../ledger/ports.ts'
import { errorOf, toClusterError } from './cluster-error.ts'
import type { ApiResponse, ApiServer } from './connect.ts'
import { isOlder, resourceVersionOf } from './watch-event.ts'

/** The ConfigMap of the ledger, in poolguard's own namespace. The manifests make it, and nothing but this writes into it. */
export const LEDGER_NAME = 'poolguard-ledger'

/** The one key of its data. Absent: nobody has written yet. */
export const LEDGER_KEY = 'ledger.json'

/** For one call: an etcd write takes 3 to 15 ms, and three calls must fit into what a webhook may take (ledger/limits.ts). */
const CALL_MS = 1_000

type GoodRead = Extract<LedgerRead, { ok: true }>

/**
 * Longest time from the namespace to a ConfigMap that came with it, by the API server's clock: one `kubectl apply` makes both, and
 * none that was in use before can have been deleted meanwhile.
 */
const INSTALL_MS = 60_000

/**
 * After this a blank ConfigMap may have been written into and emptied; replicas that start within it are those of the
 * installation, image pulls included. Later ones wait, which is safe.
 */
const FIRST_START_MS = 600_000

/**
 * The ledger in a ConfigMap. Reads are quorum reads; a put is a merge patch that names the resourceVersion it was made from, which
 * the API server compares as it does that of a PUT, and which leaves labels and annotations as they are.
 */
export function configMapStore(api: ApiServer, namespace: string): ClaimStore {
  const namespacePath = `/api/v1/namespaces/${encodeURIComponent(namespace)}`
  const collection = `${namespacePath}/configmaps`
  const path = `${collection}/${LEDGER_NAME}`
  /** The newest there was, by reads and puts that are complete. */
  let newest: LedgerIdentity | undefined
  /** Whether what was seen is older than `known`: `newest` of when it was asked for, for two reads at a time may answer in either order. */
  const learn = (seen: LedgerIdentity | undefined, known: LedgerIdentity | undefined): boolean => {
    if (seen === undefined) return false
    const hasGoneBack = isEarlier(seen, known)
    if (hasGoneBack || !isEarlier(seen, newest)) newest = seen
    return hasGoneBack
  }
  /** Of a blank one; a namespace that cannot be read tells as little as a ledger that cannot. */
  const withFirst = async (read: GoodRead, { headers, json }: ApiResponse): Promise<LedgerRead> => {
    const around = await api.request({ path: namespacePath, timeoutMs: CALL_MS })
    if (around.status === 429 || around.status >= 500) return unreachable(errorOf(around).message)
    const [ledgerMs, namespaceMs] = [createdMs(json), createdMs(around.json)]
    const isYoung = Date.parse(headers.get('date') ?? '') - ledgerMs <= FIRST_START_MS
    return isYoung && ledgerMs - namespaceMs <= INSTALL_MS ? { ...read, isFirst: true } : read
  }
  return {
    async read() {
      const known = newest
      try {
        const response = await api.request({ path, timeoutMs: CALL_MS })
        const read = readResponse(response)
        if (!read.ok) return read
        if (learn(read.ledger, known)) return { ...read, hasGoneBack: true }
        return read.ledger.isBlank ? await withFirst(read, response) : read
      } catch (error) {
        return unreachable(toClusterError(error).message)
      }
    },
    async put(ledger) {
      const data = { [LEDGER_KEY]: encodeLedger(ledger) }
      const { version } = ledger
      const known = newest
      try {
        const response =
          version === ''
            ? await api.request({
                method: 'POST',
                path: collection,
                body: made(namespace, data),
                timeoutMs: CALL_MS
              })
            : await api.request({
                method: 'PATCH',
                path,
                body: { metadata: { resourceVersion: version }, data },
                contentType: 'application/merge-patch+json',
                timeoutMs: CALL_MS
              })
        const outcome = outcomeOf(response)
        if (outcome === 'stored') learn(identityOf(response.json), known)
        return outcome
      } catch {
        return 'unknown'
      }
    }
  }
}

function made(namespace: string, data: Readonly<Record<string, string>>): unknown {
  const labels = { 'app.kubernetes.io/name': 'poolguard' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: LEDGER_NAME, namespace, labels }, data }
}

function readResponse(response: ApiResponse): LedgerRead {
  const { status, json } = response
  if (status === 404) return { ok: false, problem: 'missing', detail: errorOf(response).message }
  if (status !== 200) return unreachable(errorOf(response).message)
  const identity = identityOf(json)
  if (identity === undefined) return unreachable('the answer is no ConfigMap')
  const data = isRecord(json) ? json['data'] : undefined
  const text = isRecord(data) ? data[LEDGER_KEY] : undefined
  if (text !== undefined && typeof text !== 'string') {
    return { ok: false, problem: 'corrupt', detail: `${LEDGER_KEY} is no text` }
  }
  return decodeLedger(text, identity)
}

/** undefined when it is no object of an API server. */
function identityOf(json: unknown): LedgerIdentity | undefined {
  const metadata = isRecord(json) ? json['metadata'] : undefined
  const uid = isRecord(metadata) ? metadata['uid'] : undefined
  const version = resourceVersionOf(json)
  return version === '' || typeof uid !== 'string' ? undefined : { version, lineage: uid }
}

function unreachable(detail: string): LedgerRead {
  return { ok: false, problem: 'unreachable', detail }
}

/** Of the same ConfigMap, and certainly read at an earlier version. */
function isEarlier({ version, lineage }: LedgerIdentity, than: LedgerIdentity | undefined): boolean {
  return than !== undefined && lineage === than.lineage && isOlder(version, than.version)
}

/** `metadata.creationTimestamp`, in milliseconds since 1970; NaN, which is within no limit, when there is none. */
function createdMs(json: unknown): number {
  const metadata = isRecord(json) ? json['metadata'] : undefined
  const created = isRecord(metadata) ? metadata['creationTimestamp'] : undefined
  return typeof created === 'string' ? Date.parse(created) : Number.NaN
}

/** A patch of what was deleted finds nothing, as a conflict does. What is refused otherwise may be refused by a proxy behind it. */
function outcomeOf({ status }: ApiResponse): PutOutcome {
  if (status === 200 || status === 201) return 'stored'
  return status === 409 || status === 404 ? 'conflict' : 'unknown'
}
