import { errorOf, toClusterError, type ClusterError } from './cluster-error.ts'
import type { ApiServer } from './connect.ts'

/** Something to be told about an object. */
export interface EventFacts {
  /** Equal for the same fact, whoever tells it: the name of the Event, a DNS subdomain of at most 253 characters. */
  readonly name: string
  readonly regarding: {
    readonly apiVersion: string
    readonly kind: string
    /** Absent or '': it has none. */
    readonly namespace?: string
    readonly name: string
    readonly uid: string
  }
  /** CamelCase, as programs look for it. */
  readonly reason: string
  /** What was done about it. */
  readonly action: string
  /** For people; at most 1 kB is kept. */
  readonly note: string
}

/** Who tells, and when. */
export interface Reporter {
  /** Of the process; at most 128 characters. */
  readonly instance: string
  readonly now: () => Date
}

/** Events are in the namespace of their object, or here (pkg/apis/core/validation/events.go). */
const NAMESPACE = 'default'

/** The API server refuses a longer note (noteLengthLimit, same file); in bytes of UTF-8. */
const NOTE_BYTES = 1024

/** The API server gives up after 60 s; nobody waits for an Event. */
const TIMEOUT_MS = 10_000

/**
 * Stores one Event of type Warning. `exists`: it was told already, by whomever. The API server forgets Events after an hour
 * by itself (--event-ttl).
 */
export async function createEvent(
  api: ApiServer,
  facts: EventFacts,
  { instance, now, signal }: Reporter & { readonly signal: AbortSignal }
): Promise<'created' | 'exists' | ClusterError> {
  const namespace = facts.regarding.namespace || NAMESPACE
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: facts.name, namespace },
    eventTime: microTime(now()),
    reportingController: 'poolguard.io/poolguard',
    reportingInstance: instance.slice(0, 128),
    type: 'Warning',
    regarding: facts.regarding,
    reason: facts.reason,
    action: facts.action,
    note: cut(facts.note)
  }
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
  try {
    const response = await api.request({ method: 'POST', path, body, timeoutMs: TIMEOUT_MS, signal })
    if (response.status === 201) return 'created'
    return response.status === 409 ? 'exists' : errorOf(response)
  } catch (error) {
    return toClusterError(error)
  }
}

/** metav1.MicroTime has exactly six decimals. */
function microTime(now: Date): string {
  return now.toISOString().replace(/\.(\d{3})Z$/, '.$1000Z')
}

function cut(note: string): string {
  const bytes = Buffer.from(note)
  if (bytes.length <= NOTE_BYTES) return note
  // A character that is cut through becomes U+FFFD, of three bytes, like the ellipsis after it.
  return `${bytes.subarray(0, NOTE_BYTES - 6).toString()}…`
}
