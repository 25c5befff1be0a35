import { Backoff } from './backoff.ts'
import { sleep, type Clock } from './clock.ts'
import type { ApiServer } from './connect.ts'
import { revisionNow } from './list.ts'
import { readRevision } from '../ledger/ledger.ts'

/** For each of the two lists. */
const LIST_MS = 2_000

/** Between two times of asking: an API server that is starting answers within a minute, one that is away costs a call in 30 s. */
const ASK_AGAIN = { minMs: 500, maxMs: 30_000 }

/**
 * Whether revisions of this API server are numbers that do not shrink, as Kubernetes promises in recent versions only: of two
 * quorum lists, one after the other, the second is not older. Undefined when it did not answer. Never rejects.
 */
export async function haveComparableRevisions(api: ApiServer): Promise<boolean | undefined> {
  const request = { path: '/api/v1/namespaces', timeoutMs: LIST_MS }
  const first = await revisionNow(api, request)
  const second = first === undefined ? undefined : await revisionNow(api, request)
  if (first === undefined || second === undefined) return undefined
  const [earlier, later] = [readRevision(first), readRevision(second)]
  return earlier !== undefined && later !== undefined && earlier <= later
}

export interface RevisionOrderOptions {
  readonly api: ApiServer
  readonly clock: Clock
  /** Called once, with the answer. Must not throw. */
  readonly answered: (areComparable: boolean) => void
  readonly askAgain?: { readonly minMs: number; readonly maxMs: number }
}

/** Asks an API server whether its revisions compare, until it has answered; it is not asked again after that. */
export class RevisionOrder {
  private readonly options: RevisionOrderOptions
  private readonly stopping = new AbortController()
  private answer: boolean | undefined

  /** Asks at once. */
  constructor(options: RevisionOrderOptions) {
    this.options = options
    void this.ask()
  }

  /** Undefined until it is known. */
  get areComparable(): boolean | undefined {
    return this.answer
  }

  /** Nothing is told after this. */
  stop(): void {
    this.stopping.abort()
  }

  private async ask(): Promise<void> {
    const { api, clock, answered, askAgain = ASK_AGAIN } = this.options
    const { signal } = this.stopping
    const backoff = new Backoff(clock, askAgain)
    while (!signal.aborted) {
      const answer = await haveComparableRevisions(api)
      if (signal.aborted) return
      if (answer === undefined) await sleep(clock, backoff.next(), signal)
      else {
        this.answer = answer
        return answered(answer)
      }
    }
  }
}
