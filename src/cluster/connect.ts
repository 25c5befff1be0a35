import type { IncomingMessage } from 'node:http'
import type { Clock } from './clock.ts'
import { loadCredentials, type KubeConfigSource } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { Exchange } from './exchange.ts'
import { readLines, readText } from './read-body.ts'

/** One question to the API server. `path` starts with '/', its parts already percent-encoded. */
export interface ApiRequest {
  /** GET when absent. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Of the body; `application/json` when absent. */
  readonly contentType?: string
  readonly signal?: AbortSignal
  /** For the whole answer. */
  readonly timeoutMs: number
}

/** A complete answer, whatever its status. `headers` have lower-case names; `json` is undefined when the body is not JSON. */
export interface ApiResponse {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly json: unknown
}

export interface StreamRequest {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Until the head of the answer is there. */
  readonly timeoutMs: number
  /** Longest silence between two pieces of the body. */
  readonly idleMs: number
}

/**
 * A body that comes line by line. `lines` ends when the server closes it in order; it throws a ClusterError when the
 * connection breaks, stays silent for `idleMs` or `signal` aborts. Leaving the loop early closes the connection.
 */
export interface ApiStream extends ApiResponse {
  /** undefined unless the status is 200; then `json` is the whole body. */
  readonly lines: AsyncIterable<string> | undefined
}

/** One API server. Every HTTP status is an answer; what throws is a ClusterError of status 0: the outcome is unknown. */
export interface ApiServer {
  request(request: ApiRequest): Promise<ApiResponse>
  stream(request: StreamRequest): Promise<ApiStream>
  /** Closes connections that are idle; those in use end by their signals. */
  close(): void
}

/**
 * Prepares connections; nothing is sent yet. Connections are kept open and shared.
 * @throws ClusterError with reason `kubeconfig` when the kubeconfig cannot be used.
 */
export function connect(options: KubeConfigSource & { readonly clock: Clock }): ApiServer {
  const { clock } = options
  const credentials = loadCredentials(options)
  const exchange = new Exchange(credentials)
  return {
    async request(request) {
      const deadline = new Deadline(clock, request.signal)
      deadline.restart(request.timeoutMs, 'timeout')
      try {
        return await answered(await exchange.send(request, deadline), deadline)
      } finally {
        deadline.clear()
      }
    },
    async stream(request) {
      const deadline = new Deadline(clock, request.signal)
      deadline.restart(request.timeoutMs, 'timeout')
      let lines: ApiStream['lines']
      try {
        const response = await exchange.send(request, deadline)
        if (response.statusCode !== 200) return { ...(await answered(response, deadline)), lines }
        lines = readLines(response, deadline, request.idleMs)
        return { status: 200, headers: headersOf(response), json: undefined, lines }
      } finally {
        if (lines === undefined) deadline.clear()
      }
    },
    close: () => exchange.close()
  }

  async function answered(response: IncomingMessage, deadline: Deadline): Promise<ApiResponse> {
    const text = await readText(response, deadline)
    const status = response.statusCode ?? 0
    if (status === 401) credentials.reload()
    return { status, headers: headersOf(response), json: parseJson(text) }
  }
}

function headersOf(response: IncomingMessage): ReadonlyMap<string, string> {
  return new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
}

/** undefined when the text is no JSON: a proxy's error page, or nothing. */
function parseJson(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text)
    return json
  } catch {
    return undefined
  }
}
