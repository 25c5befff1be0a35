import { isRecord } from '../kinds/decode.ts'
import type { ApiResponse } from './connect.ts'

/** Longest `Retry-After` that is obeyed: API Priority and Fairness asks for seconds, never for more. */
const MAX_RETRY_AFTER_SECONDS = 60

/** Why something asked of the API server did not work. */
export class ClusterError extends Error {
  /** HTTP status, or `code` of a watch's ERROR event; 0 when there was no complete answer. */
  readonly status: number
  /** `reason` of Kubernetes' Status, or for status 0: `connection`, `timeout`, `idle`, `stopped`, `protocol`, `kubeconfig`. */
  readonly reason: string
  /** How long the server asked to wait, at most 60 s; undefined when it did not say. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    about: { status?: number; reason: string; retryAfterMs?: number | undefined }
  ) {
    super(message)
    this.name = 'ClusterError'
    this.status = about.status ?? 0
    this.reason = about.reason
    this.retryAfterMs = about.retryAfterMs
  }
}

/** The error that an HTTP answer other than the hoped-for one stands for. */
export function errorOf(response: ApiResponse): ClusterError {
  const seconds = Number(response.headers.get('retry-after') ?? 'none')
  const retryAfterMs = seconds >= 0 ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) * 1000 : undefined
  return statusError(response.json, response.status, retryAfterMs)
}

/** The error that a Kubernetes Status object stands for; `status` counts when the object has no code of its own. */
export function statusError(json: unknown, status: number, retryAfterMs?: number): ClusterError {
  const { code, reason, message } = isRecord(json) ? json : {}
  const known = typeof code === 'number' && code > 0 ? code : status
  return new ClusterError(typeof message === 'string' && message !== '' ? message : `HTTP status ${known}`, {
    status: known,
    reason: typeof reason === 'string' ? reason : '',
    retryAfterMs
  })
}

/** Anything caught, as a ClusterError; `connection` unless it is one already. */
export function toClusterError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error
  return new ClusterError(error instanceof Error ? error.message : String(error), { reason: 'connection' })
}
