import { isJsonObject, text } from '../json.ts'
import type { Rest } from '../rest.ts'
import { COLLECTIONS, contender, type Contender, type ContestName } from './contests.ts'

/** One attempt to create an object. */
export type Attempt = {
  /** 0: no answer. */
  readonly status: number
  /** Why it was refused; '' when it was not. */
  readonly message: string
  readonly tookMs: number
}

/** Who creates the contenders of one round: somebody else each round, for one user may have eight claims only. */
export function racer(round: number): { readonly username: string; readonly groups: readonly string[] } {
  return { username: `racer-${round}`, groups: ['system:masters', 'system:authenticated'] }
}

export type WaveOptions = {
  readonly contest: ContestName
  /** From 0. */
  readonly round: number
  /** The numbers of the contenders, from and up to but not with. */
  readonly from: number
  readonly to: number
}

/** Creates that many contenders of a round at once; resolves when all are answered. */
export function wave(rest: Rest, { contest, round, from, to }: WaveOptions): Promise<readonly Attempt[]> {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i)
  return Promise.all(numbers.map(i => create(rest, contender(contest, round, i), racer(round))))
}

/** One create. Never rejects. */
export async function create(
  rest: Rest,
  { kind, body }: Contender,
  as: ReturnType<typeof racer>
): Promise<Attempt> {
  const startedMs = performance.now()
  try {
    const { status, json } = await rest.send({ method: 'POST', path: COLLECTIONS[kind], body, as })
    const message = isJsonObject(json) && status !== 201 ? text(json, 'message') : ''
    return { status, message, tookMs: performance.now() - startedMs }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { status: 0, message, tookMs: performance.now() - startedMs }
  }
}
