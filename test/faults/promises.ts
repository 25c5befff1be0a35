import type { Test } from 'tap'
import { isRecord } from '../../src/kinds/decode.ts'
import { GROWS_BADLY, NEVER_REFUSED } from './reviews.ts'

/** What the promises are asked of: a running poolguard, in this process or in another. */
export interface Guarded {
  /** Sends a review with `?timeout=5s`, as the API server does; rejects when the connection breaks. */
  readonly ask: (body: string) => Promise<{ readonly status: number; readonly body: string }>
  /** HTTP status of /healthz; 0 when nobody answers. */
  readonly health: () => Promise<number>
  /** Claims that nobody can ever take away again. */
  readonly permanentClaims?: () => Promise<number>
}

/** The API server waits 5 s (registration.ts), and an answer is promised a second before. */
const DEADLINE_MS = 4_000

const unhandled: unknown[] = []
process.on('unhandledRejection', error => unhandled.push(error))
process.on('uncaughtExceptionMonitor', error => unhandled.push(error))

/**
 * The five promises that hold in every fault (P1 to P5): answers come in time, no would-be denial becomes an allowed write
 * where failurePolicy is Fail, what takes away or changes metadata alone is allowed, no claim stays for ever, and the process
 * lives without an error that nobody handled. `when` names the moment in the output.
 */
export async function promises(t: Test, guarded: Guarded, when: string): Promise<void> {
  const bad = await timed(t, guarded, `P1 a bad write ${when}`, GROWS_BADLY)
  t.notOk(isAllowed(bad), `P2 a bad write is not allowed ${when}`)
  for (const [name, body] of Object.entries(NEVER_REFUSED)) {
    const answer = await timed(t, guarded, `P1 ${name} ${when}`, body)
    t.ok(isAllowed(answer), `P3 ${name} is allowed ${when}`, { answer })
  }
  t.equal((await guarded.permanentClaims?.()) ?? 0, 0, `P4 no claim stays for ever ${when}`)
  t.equal(await guarded.health(), 200, `P5 the process lives ${when}`)
  t.strictSame(unhandled, [], `P5 no error went unhandled ${when}`)
}

/** The answer, undefined when the connection broke, which the API server takes for a failed call. */
async function timed(t: Test, { ask }: Guarded, name: string, body: string): Promise<string | undefined> {
  const startedMs = performance.now()
  const answer = await ask(body).catch(() => undefined)
  const tookMs = performance.now() - startedMs
  t.ok(tookMs < DEADLINE_MS, `${name} is answered in time`, { tookMs })
  return answer?.status === 200 ? answer.body : undefined
}

/** Whether the API server would let the write through, failurePolicy Fail given. */
export function isAllowed(body: string | undefined): boolean {
  if (body === undefined) return false
  const review: unknown = JSON.parse(body)
  const response = isRecord(review) ? review['response'] : undefined
  return isRecord(response) && response['allowed'] === true
}
