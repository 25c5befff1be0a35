import { RETRY_AFTER_SECONDS, TTL_MS } from '../../../src/ledger/limits.ts'
import { isJsonObject, text, type JsonObject } from '../json.ts'
import type { Rest, RestRequest } from '../rest.ts'
import { verdictOn, type Verdict, type Wanted } from './answers.ts'
import type { Excuse } from './excuses.ts'

/** One write. */
export type Write = {
  /** What it is called in the result. */
  readonly kind: string
  readonly request: RestRequest
  readonly wanted: Wanted
}

/**
 * What came of a write, as its verdict has it (answers.ts): `unknown` where nobody judged it or it was let through, so that the caller has to look what is stored;
 * `wrong`, and what is stored is unknown too.
 */
export type Outcome = 'passed' | 'refused' | 'deferred' | 'unknown' | 'wrong'

/** An answer that no write had to get. */
export type Wrong = {
  readonly verdict: Verdict
  readonly kind: string
  readonly path: string
  readonly status: number
  readonly message: string
  readonly at: string
}

/** What has been written so far, by all lives together. */
export type Book = {
  /** By kind of write, then by verdict. */
  readonly counts: Map<string, Map<string, number>>
  readonly wrong: Wrong[]
  /** Answers that told a write to wait, by what it wanted and their words without numbers. */
  readonly waits: Map<string, number>
  /** Names of objects of which a write failed after poolguard may have allowed it, so that a claim may be left. */
  readonly failed: Set<string>
  /** Objects stored that had to be kept out. */
  wronglyStored: number
}

export function newBook(): Book {
  return { counts: new Map(), waits: new Map(), wrong: [], failed: new Set(), wronglyStored: 0 }
}

/** Longest time that the claim of a write which failed keeps others out. */
export const CLAIM_LEFT_MS = TTL_MS + 5_000

/** How often client-go tries again when it is told to (rest/request.go, maxRetries). */
const MOST_TRIES = 10

/** Between two looks at an object while the API server is away. */
const LOOK_EVERY_MS = 500
/** Longest time that the API server may be away, on however busy a machine. */
const LOOK_MS = 120_000

/** Writes and judges what is answered. */
export class Writer {
  readonly book: Book
  private readonly rest: Rest
  private readonly excuses: readonly Excuse[]

  constructor(rest: Rest, book: Book, excuses: readonly Excuse[]) {
    this.rest = rest
    this.book = book
    this.excuses = excuses
  }

  /** One write; again when it is told to wait, as clients do. Never rejects. */
  async write({ kind, request, wanted }: Write): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      const call = await this.call(request)
      const verdict = verdictOn(call, wanted, this.excuses)
      if (verdict === 'wait' || call.status === 429) this.countWait(wanted, call.message)
      const isOver = verdict !== 'wait' || tries === MOST_TRIES
      this.count(kind, verdict === 'passed' && wanted.what === 'contend' ? 'won' : verdict)
      if (isOver) return this.outcome(verdict, { kind, request, call })
      await new Promise(resolve => setTimeout(resolve, RETRY_AFTER_SECONDS * 1_000))
    }
  }

  /** The object at that path as it is stored; undefined when there is none. Waits for an API server that is away. */
  async read(path: string): Promise<JsonObject | undefined> {
    const deadlineMs = Date.now() + LOOK_MS
    for (;;) {
      const { status, json } = await this.rest.send({ path }).catch(() => ({ status: 0, json: undefined }))
      if (status === 200 && isJsonObject(json)) return json
      if (status === 404 && isJsonObject(json) && text(json, 'reason') === 'NotFound') return undefined
      if (Date.now() > deadlineMs) throw new Error(`GET ${path}: HTTP ${status}`)
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  private outcome(
    verdict: Verdict,
    { kind, request, call }: { kind: string; request: RestRequest; call: Awaited<ReturnType<Writer['call']>> }
  ): Outcome {
    if (verdict === 'passed' || verdict === 'refused') return verdict
    this.book.failed.add(ownerOf(request))
    if (verdict === 'deferred') return verdict
    if (verdict === 'excused') return 'unknown'
    if (verdict === 'wronglyPassed' && request.method !== 'DELETE') this.book.wronglyStored += 1
    const { status, message } = call
    const at = new Date(call.endMs).toISOString()
    const path = `${request.method ?? 'GET'} ${request.path}`
    this.book.wrong.push({ verdict, kind, path, status, message, at })
    return verdict === 'lost' ? 'unknown' : 'wrong'
  }

  private async call(request: RestRequest) {
    const startMs = Date.now()
    try {
      const { status, json } = await this.rest.send(request)
      const message = status >= 300 && isJsonObject(json) ? text(json, 'message') : ''
      return { startMs, endMs: Date.now(), status, message }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return { startMs, endMs: Date.now(), status: 0, message }
    }
  }

  private countWait({ what }: Wanted, message: string): void {
    const words =
      message
        .replace(/^.*denied the request: /s, '')
        .replaceAll(/\d+/g, 'N')
        .split('\n')
        .at(-1) ?? ''
    const key = `${what}: ${words}`
    this.book.waits.set(key, (this.book.waits.get(key) ?? 0) + 1)
  }

  private count(kind: string, verdict: string): void {
    const counts = this.book.counts.get(kind) ?? new Map<string, number>()
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    this.book.counts.set(kind, counts)
  }
}

/** The name in the path, or in the body of what is created. */
function ownerOf({ method, path, body }: RestRequest): string {
  if (method !== 'POST') return path.split('/').at(-1) ?? ''
  const metadata = isJsonObject(body) ? body['metadata'] : undefined
  return isJsonObject(metadata) ? text(metadata, 'name') : ''
}
