import { isRecord } from '../kinds/decode.ts'
import { isKindName, KINDS, type KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { Clock } from './clock.ts'
import { ClusterError, errorOf, toClusterError } from './cluster-error.ts'
import type { ApiServer } from './connect.ts'
import { Deadline } from './deadline.ts'
import { servedVersion } from './discovery.ts'
import { readEntry } from './entry.ts'
import type { KindStore } from './kind-store.ts'
import { listAll, type CompleteList } from './list.ts'
import { isPathPart, objectPath } from './resource-path.ts'
import { isOlder } from './watch-event.ts'
import type { WatchedKind, Watcher } from './watcher.ts'

/** Reads that one call has open at the same time. */
const PARALLEL_READS = 8

/** For one call, all its reads together. One decision makes three calls at most, and has 4 s (admission/judge.ts). */
const DEADLINE_MS = 1000

/** Objects in one page of a list, as in `DEFAULT_TIMINGS`. */
const PAGE_SIZE = 500

/** An object whose present state could not be learned, and why. */
export interface UnreadRef {
  readonly ref: ObjectRef
  readonly error: ClusterError
}

/**
 * Brings the inventory up to date about these objects, as the API server's storage has them now; a ref without a name
 * stands for all of its kind in its namespace. An empty answer: every one is as the cluster has it, absent ones included. Never rejects.
 */
export type LiveReader = (refs: readonly ObjectRef[]) => Promise<readonly UnreadRef[]>

export interface LiveReaderOptions {
  readonly api: ApiServer
  readonly watcher: Pick<Watcher, 'watched'>
  readonly clock: Clock
  /** For one call; 1 s when absent. */
  readonly deadlineMs?: number
}

/** A reader for kinds that the watcher watches; refs of other kinds are reported as unread. One request a ref. */
export function liveReader(options: LiveReaderOptions): LiveReader {
  const { clock, deadlineMs = DEADLINE_MS } = options
  return async refs => {
    const unread: UnreadRef[] = []
    const waiting = [...new Map(refs.map(ref => [refKey(ref), ref])).values()]
    const deadline = new Deadline(clock, undefined)
    deadline.restart(deadlineMs, 'timeout')
    const worker = async () => {
      for (let ref = waiting.shift(); ref !== undefined; ref = waiting.shift()) {
        const error = await readOne(options, ref, deadline).catch(toClusterError)
        if (error !== undefined) unread.push({ ref, error: deadline.error ?? error })
      }
    }
    await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, waiting.length) }, worker))
    deadline.clear()
    return unread
  }
}

/** Reads what one ref names and writes what it learned into the store; the error when nothing certain was learned. */
async function readOne(
  { api, watcher, deadlineMs = DEADLINE_MS }: LiveReaderOptions,
  ref: ObjectRef,
  deadline: Deadline
): Promise<ClusterError | undefined> {
  const watched = isKindName(ref.kind) ? watcher.watched(ref.kind) : undefined
  if (watched === undefined) return failure(`${ref.kind} is not watched`)
  const { store } = watched
  const limits = { signal: deadline.signal, timeoutMs: deadlineMs }
  const version = await versionOf(api, watched, limits)
  // the watch forgets a kind when it was not served twice; until then it is not certain
  if (version === undefined) return store.get(ref) && failure(`${ref.kind} is not served`)
  if (ref.name !== '') return readObject(api, store, { ...limits, version, ref })
  return readAll(api, store, { ...limits, version, ref })
}

interface ObjectRequest {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly version: string
  readonly ref: ObjectRef
}

async function readObject(
  api: ApiServer,
  store: KindStore,
  { version, ref, ...limits }: ObjectRequest
): Promise<ClusterError | undefined> {
  // a name that no object can have: absent for certain
  const path = objectPath(store.kind, version, ref)
  if (path === undefined) return undefined
  const seen = store.get(ref)
  const mark = store.mark()
  const lastWord = store.lastWord(ref)
  // without resourceVersion in the query the API server answers from a quorum read, not from its cache
  const response = await api.request({ ...limits, path })
  if (store.isOvertaken(mark)) return wentBack()
  if (response.status === 404 && isNotFound(response.json, ref.name)) {
    store.forget(ref, seen)
    return undefined
  }
  if (response.status !== 200) return errorOf(response)
  const entry = readEntry(store.kind, response.json, store.keepsJson)
  if (refKey(entry.ref) !== refKey(ref)) return failure('the answer is another object')
  if (isOlder(entry.resourceVersion, lastWord)) {
    store.goBack()
    return wentBack()
  }
  store.put(entry)
  return entry.read.ok ? undefined : failure('the object does not decode')
}

/**
 * Every object of the store's kind in the ref's namespace ('' for all), as the API server has it now. Those that are not in
 * the list are gone, unless something newer than the list said that they are there.
 */
async function readAll(
  api: ApiServer,
  store: KindStore,
  { ref, ...request }: ObjectRequest
): Promise<ClusterError | undefined> {
  const { kind } = store
  const namespace = KINDS[kind].namespaced && ref.namespace !== '' ? ref.namespace : undefined
  // a name that no namespace can have: it holds nothing for certain
  if (namespace !== undefined && !isPathPart(namespace)) return undefined
  const mark = store.mark()
  const list = await listAll(api, {
    kind,
    namespace,
    pageSize: PAGE_SIZE,
    keepsJson: store.keepsJson,
    ...request
  })
  if (store.isOvertaken(mark)) return wentBack()
  if (isOlder(list.resourceVersion, mark.newest)) {
    store.goBack(namespace === undefined ? list : undefined)
    return namespace === undefined ? undefined : wentBack()
  }
  merge(store, list, namespace)
  return undefined
}

function merge(store: KindStore, list: CompleteList, namespace: string | undefined): void {
  for (const entry of list.entries) store.put(entry)
  const there = new Set(list.entries.map(entry => refKey(entry.ref)))
  for (const gone of store.refsIn(namespace)) {
    if (!there.has(refKey(gone))) store.delete(gone, list.resourceVersion)
  }
  if (namespace === undefined) store.completed(list.resourceVersion)
}

async function versionOf(
  api: ApiServer,
  watched: WatchedKind,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number }
): Promise<string | undefined> {
  const kind: KindName = watched.store.kind
  return watched.version ?? (await servedVersion(api, kind, limits))
}

/** Whether the 404 is about the object: one about its path (a version no longer served) says nothing of the object. */
function isNotFound(json: unknown, name: string): boolean {
  const details = isRecord(json) && json['reason'] === 'NotFound' ? json['details'] : undefined
  return isRecord(details) && details['name'] === name
}

/** What was read is of another history than what is known now, or nothing is known any more. */
function wentBack(): ClusterError {
  return failure('the storage went back to an earlier revision')
}

function failure(message: string): ClusterError {
  return new ClusterError(message, { reason: 'protocol' })
}
