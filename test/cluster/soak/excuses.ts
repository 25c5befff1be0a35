/** One call as its caller saw it. Times in milliseconds since 1970. */
export type Call = {
  readonly startMs: number
  readonly endMs: number
  /** 0: no answer. */
  readonly status: number
  /** Of the answer's Status, or of the error; '' when there is none. */
  readonly message: string
}

/** What was done to the cluster, and when; calls that fail meanwhile may be due to it. Silence and SIGTERM excuse nothing. */
export type Excuse = {
  /** `replica`: one of several was killed. `API server`: it was stopped and started again. */
  readonly of: 'replica' | 'API server'
  readonly fromMs: number
  /** Infinity while it lasts. */
  untilMs: number
}

/**
 * After a killed replica has ended, until the API server knows that the connections to it are closed, so that it sends no call over
 * them: the kernel closes them, a balancer on loopback passes that on, both get a turn of a busy machine of two CPUs. None of it
 * waits for anything. New connections do not go to the dead replica.
 */
export const NOTICED_MS = 500

/**
 * After the API server said it is ready. Connections of poolguard's to it that broke are found at their next use: calls to the ledger
 * may take a second each (cluster/ledger-store.ts), and one repeats.
 */
export const RECOVERED_MS = 2_000

/** The first outage that explains why a call failed; undefined: none does. */
export function excuseOf(call: Call, excuses: readonly Excuse[]): Excuse['of'] | undefined {
  return excuses.find(excuse => overlaps(call, excuse) && explains(excuse, call))?.of
}

function overlaps({ startMs, endMs }: Call, { fromMs, untilMs }: Excuse): boolean {
  return endMs >= fromMs && startMs <= untilMs
}

/** A replica that dies breaks off calls of the API server, which answers its own caller all the same. */
function explains({ of }: Excuse, { status, message }: Call): boolean {
  if (of === 'API server') return true
  const isBrokenOff = status === 500 && message.includes('failed calling webhook')
  const isLetThrough = status >= 200 && status < 300
  return isBrokenOff || isLetThrough
}

/** A time in which a replica may not hear of what is stored. */
export type Silence = { readonly fromMs: number; untilMs: number }

/** After so long poolguard's watch has brought a write, and its claim is gone, on however busy a machine. */
export const SEEN_MS = 5_000

/** Whether what was stored at that time is known to every replica, and no claim is left of it. */
export function isSeen(storedMs: number, nowMs: number, silences: readonly Silence[]): boolean {
  if (nowMs - storedMs < SEEN_MS) return false
  return silences.every(({ fromMs, untilMs }) => nowMs - untilMs >= SEEN_MS || storedMs < fromMs - SEEN_MS)
}
