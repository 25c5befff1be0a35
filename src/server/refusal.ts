import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Why a request gets no AdmissionReview back. Texts are fixed: they never repeat what the caller sent. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 405 | 408 | 413 | 415 | 431 | 500 | 503
  readonly error: string
  /** What to do about it. */
  readonly hint: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * How long the rest of an unread body is thrown away after the refusal was sent. Closing a socket with unread bytes in it
 * resets the connection, and the caller may then lose the answer that says why.
 */
const LINGER_MS = 1_000

/** The JSON a refusal is sent as: `{error, hint}`. */
function refusalBody(refusal: Refusal): Buffer {
  return Buffer.from(JSON.stringify({ error: refusal.error, hint: refusal.hint }))
}

/** Sends the refusal at once. When part of the body is still to come, the rest is discarded and the connection closed. */
export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const body = refusalBody(refusal)
  const request = reply.request.raw
  reply
    .code(refusal.status)
    .headers(refusal.headers ?? {})
    .header('content-type', 'application/json')
  if (request.complete || request.readableEnded || !hasBody(request)) return reply.send(body)
  reply.header('connection', 'close').header('content-length', body.length)
  return reply.send(Readable.from(bodyThenLinger(body, request)))
}

async function* bodyThenLinger(body: Buffer, request: IncomingMessage): AsyncGenerator<Buffer> {
  yield body
  await drained(request)
}

function drained(request: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, LINGER_MS)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    request.once('end', done).once('close', done).once('error', done)
    request.resume()
  })
}

function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0'
  )
}

/** A defect of ours; what went wrong is for the log alone. */
export const INTERNAL_ERROR: Refusal = {
  status: 500,
  error: 'internal error',
  hint: 'the log of poolguard says more'
}

const NOT_HTTP: Refusal = { status: 400, error: 'not HTTP', hint: 'speak HTTP/1.1 over TLS' }

/** What the HTTP parser could not get to the end of, by Node's error codes; all others of the parser start with HPE_. */
const UNREADABLE: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, error: 'the request took too long', hint: 'send it faster' }],
  ['HPE_HEADER_OVERFLOW', { status: 431, error: 'the headers are too large', hint: 'send at most 16 KiB' }]
])

/** Refuses on the bare socket what never became a request, and closes it. Failed handshakes come here too: nobody listens. */
export function refuseSocket(error: Error & { readonly code?: string }, socket: Socket): void {
  const code = error.code ?? ''
  const refusal = UNREADABLE.get(code) ?? (code.startsWith('HPE_') ? NOT_HTTP : undefined)
  if (refusal === undefined || !socket.writable) {
    socket.destroy()
    return
  }
  const body = refusalBody(refusal)
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close'
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body.toString()}`, () => socket.destroy())
}
