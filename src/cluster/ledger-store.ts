import { isRecord } from '../kinds/decode.ts'
import { decodeLedger, encodeLedger } from '../ledger/codec.ts'
import type { LedgerRead } from '../ledger/ledger.ts'
import type { ClaimStore, PutOutcome } from '../ledger/ports.ts'
import { errorOf, toClusterError } from './cluster-error.ts'
import type { ApiResponse, ApiServer } from './connect.ts'

/** The ConfigMap of the ledger, in poolguard's own namespace. The manifests make it, and nothing but this writes into it. */
export const LEDGER_NAME = 'poolguard-ledger'

/** The one key of its data. Absent: nobody has written yet. */
export const LEDGER_KEY = 'ledger.json'

/** For one call: an etcd write takes 3 to 15 ms, and three calls must fit into what a webhook may take (ledger/limits.ts). */
const CALL_MS = 1_000

/**
 * The ledger in a ConfigMap. Reads are quorum reads; a put is a merge patch that names the resourceVersion it was made from, which
 * the API server compares as it does that of a PUT, and which leaves labels and annotations as they are.
 */
export function configMapStore(api: ApiServer, namespace: string): ClaimStore {
  const collection = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`
  const path = `${collection}/${LEDGER_NAME}`
  return {
    async read() {
      try {
        return readResponse(await api.request({ path, timeoutMs: CALL_MS }))
      } catch (error) {
        return { ok: false, problem: 'unreachable', detail: toClusterError(error).message }
      }
    },
    async put(ledger) {
      const data = { [LEDGER_KEY]: encodeLedger(ledger) }
      const { version } = ledger
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
        return outcomeOf(response)
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
  if (status !== 200) return { ok: false, problem: 'unreachable', detail: errorOf(response).message }
  const { metadata, data } = isRecord(json) ? json : {}
  const { resourceVersion, uid } = isRecord(metadata) ? metadata : {}
  if (typeof resourceVersion !== 'string' || resourceVersion === '' || typeof uid !== 'string') {
    return { ok: false, problem: 'unreachable', detail: 'the answer is no ConfigMap' }
  }
  const text = isRecord(data) ? data[LEDGER_KEY] : undefined
  if (text !== undefined && typeof text !== 'string') {
    return { ok: false, problem: 'corrupt', detail: `${LEDGER_KEY} is no text` }
  }
  return decodeLedger(text, { version: resourceVersion, lineage: uid })
}

/** A patch of what was deleted finds nothing, as a conflict does. What is refused otherwise may be refused by a proxy behind it. */
function outcomeOf({ status }: ApiResponse): PutOutcome {
  if (status === 200 || status === 201) return 'stored'
  return status === 409 || status === 404 ? 'conflict' : 'unknown'
}
