import { isRecord } from '../kinds/decode.ts'
import { readRevision } from '../ledger/ledger.ts'
import { statusError, type ClusterError } from './cluster-error.ts'

/** One line of a watch. */
export type WatchEvent =
  | {
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
      readonly object: unknown
      readonly resourceVersion: string
    }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly error: ClusterError }

/** Reads one line; undefined when it is no watch event: cut off, or not from an API server at all. */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  const event = parse(line)
  if (!isRecord(event)) return undefined
  const { type, object } = event
  if (type === 'ERROR') return { type, error: statusError(object, 0) }
  const resourceVersion = resourceVersionOf(object)
  if (resourceVersion === '') return undefined
  if (type === 'BOOKMARK') return { type, resourceVersion }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object, resourceVersion }
  return undefined
}

/** `metadata.resourceVersion` of an object or a list; '' when there is none. */
export function resourceVersionOf(object: unknown): string {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  const resourceVersion = isRecord(metadata) ? metadata['resourceVersion'] : undefined
  return typeof resourceVersion === 'string' ? resourceVersion : ''
}

/**
 * True when `a` was certainly written before `b`. Resource versions of one resource compare as integers (they are etcd
 * revisions); where they are no integers nothing is certain, and the latest word counts.
 */
export function isOlder(a: string, b: string): boolean {
  const [older, newer] = [readRevision(a), readRevision(b)]
  return older !== undefined && newer !== undefined && older < newer
}

function parse(line: string): unknown {
  try {
    const json: unknown = JSON.parse(line)
    return json
  } catch {
    return undefined
  }
}
