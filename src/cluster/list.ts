import { isRecord } from '../kinds/decode.ts'
import type { KindName } from '../kinds/index.ts'
import { ClusterError, errorOf } from './cluster-error.ts'
import type { ApiRequest, ApiServer } from './connect.ts'
import { readEntry, type Entry } from './entry.ts'
import { collectionPath } from './resource-path.ts'
import { resourceVersionOf } from './watch-event.ts'

export interface ListRequest {
  readonly kind: KindName
  readonly version: string
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined
  readonly pageSize: number
  /** Whether the objects' JSON is kept. */
  readonly keepsJson: boolean
  /** For one page. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Every object of a kind, as of one moment. */
export interface CompleteList {
  readonly entries: readonly Entry[]
  readonly resourceVersion: string
}

/**
 * Lists a kind, page by page; each page is decoded and let go before the next is asked for. Asks for
 * the most recent state (no resourceVersion), so a stale replica of the API server cannot take us back in time.
 * @throws ClusterError; with status 410 when the continue token expired between two pages.
 */
export async function listAll(api: ApiServer, request: ListRequest): Promise<CompleteList> {
  const { kind, signal, timeoutMs } = request
  const path = collectionPath(kind, request.version, request.namespace)
  const limit = String(request.pageSize)
  const entries: Entry[] = []
  let next = ''
  for (;;) {
    const query = next === '' ? { limit } : { limit, continue: next }
    const response = await api.request({ path, query, signal, timeoutMs })
    if (response.status !== 200) throw errorOf(response)
    const page = readPage(response.json)
    for (const item of page.items) entries.push(readEntry(kind, item, request.keepsJson))
    if (page.next === '') return { entries, resourceVersion: page.resourceVersion }
    next = page.next
  }
}

/**
 * The revision that the storage has got to, by a list of one object of a collection; '' when it says none, undefined
 * when there was no answer. Never rejects.
 */
export async function revisionNow(api: ApiServer, request: ApiRequest): Promise<string | undefined> {
  const response = await api.request({ ...request, query: { limit: '1' } }).catch(() => undefined)
  return response?.status === 200 ? resourceVersionOf(response.json) : undefined
}

function readPage(json: unknown): { items: readonly unknown[]; next: string; resourceVersion: string } {
  const { items, metadata } = isRecord(json) ? json : {}
  const resourceVersion = resourceVersionOf(json)
  // Go writes an empty list as null in some API servers
  if (!isRecord(metadata) || resourceVersion === '' || !(Array.isArray(items) || items === null)) {
    throw new ClusterError('the answer is no list', { reason: 'protocol' })
  }
  const next = metadata['continue']
  return { items: items ?? [], next: typeof next === 'string' ? next : '', resourceVersion }
}
