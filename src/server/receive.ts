import type { IncomingMessage } from 'node:http'
import type { Limits } from './limits.ts'
import type { Refusal } from './refusal.ts'

/** A whole body, or why it was not read to its end. */
export type Received =
  { readonly ok: true; readonly body: Buffer } | { readonly ok: false; readonly refusal: Refusal }

/**
 * Counts what is being worked on, so that overload is answered at once instead of queueing past the caller's deadline.
 * Bytes count as they arrive, not as they are announced: slow senders of large announcements hold nothing.
 */
export class InFlight {
  private readonly limits: Pick<Limits, 'reviewsInFlight' | 'bytesInFlight'>
  private reviews = 0
  private bytes = 0

  constructor(limits: Pick<Limits, 'reviewsInFlight' | 'bytesInFlight'>) {
    this.limits = limits
  }

  /** Opens the account of one request. */
  ticket(): Ticket {
    return new Ticket(this)
  }

  /** True when both sums stay within the limits; nothing is added otherwise. */
  add(reviews: number, bytes: number): boolean {
    if (this.reviews + reviews > this.limits.reviewsInFlight) return false
    if (this.bytes + bytes > this.limits.bytesInFlight) return false
    this.reviews += reviews
    this.bytes += bytes
    return true
  }

  remove(reviews: number, bytes: number): void {
    this.reviews -= reviews
    this.bytes -= bytes
  }
}

/** What one request holds of the limits until `release`, which may be called more than once. */
export class Ticket {
  private readonly inFlight: InFlight
  private reviews = 0
  private bytes = 0
  private released = false

  constructor(inFlight: InFlight) {
    this.inFlight = inFlight
  }

  takeBytes(bytes: number): boolean {
    return this.take(0, bytes)
  }

  takeReview(): boolean {
    return this.take(1, 0)
  }

  release(): void {
    if (!this.released) this.inFlight.remove(this.reviews, this.bytes)
    this.released = true
  }

  private take(reviews: number, bytes: number): boolean {
    if (this.released || !this.inFlight.add(reviews, bytes)) return false
    this.reviews += reviews
    this.bytes += bytes
    return true
  }
}

/** Reads one body of at most `bodyBytes`. Never rejects; stops keeping bytes at the first one too many. */
export function receive(request: IncomingMessage, ticket: Ticket, bodyBytes: number): Promise<Received> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytes) {
    return Promise.resolve({ ok: false, refusal: tooLarge(bodyBytes) })
  }
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (received: Received): void => {
      request.off('data', onData).off('end', onEnd).off('close', onBroken)
      resolve(received)
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      if (length > bodyBytes) return settle({ ok: false, refusal: tooLarge(bodyBytes) })
      if (!ticket.takeBytes(chunk.length)) return settle({ ok: false, refusal: OVERLOADED })
      chunks.push(chunk)
    }
    const onEnd = (): void => settle({ ok: true, body: Buffer.concat(chunks, length) })
    const onBroken = (): void => settle({ ok: false, refusal: BROKEN_OFF })
    request.on('data', onData).on('end', onEnd).on('close', onBroken)
    // Stays on: an abort after the body was refused must not become an uncaught exception.
    request.on('error', onBroken)
  })
}

/** Retry-After makes the API server's client repeat the call within its timeout (client-go rest/with_retry.go). */
export const OVERLOADED: Refusal = {
  status: 503,
  error: 'too many reviews in flight',
  hint: 'repeat the request in a second',
  headers: { 'retry-after': '1' }
}

const BROKEN_OFF: Refusal = {
  status: 400,
  error: 'the body ended early',
  hint: 'send the whole AdmissionReview'
}

function tooLarge(bodyBytes: number): Refusal {
  return {
    status: 413,
    error: `the body is larger than ${bodyBytes} bytes`,
    hint: 'an AdmissionReview holds two objects of at most 3 MiB and an envelope of at most 1 MiB'
  }
}
