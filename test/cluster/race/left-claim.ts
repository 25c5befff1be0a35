import { TTL_MS } from '../../../src/ledger/limits.ts'
import type { Replica } from '../replica.ts'
import type { Rest } from '../rest.ts'
import type { Arena } from './arena.ts'
import { claimed, LEDGER_PATH } from './claims.ts'
import { contender, PREFIX } from './contests.ts'
import { removeRacers } from './stored.ts'
import { create, racer } from './wave.ts'

/** How long a claim may keep others out once its replica is dead. */
const MOST_MS = TTL_MS + 5_000

/** More often than poolguard tells whoever it answers 429, so that the time is told exactly. */
const RETRY_MS = 500

/** What came of a claim whose replica died before it answered. */
export type LeftClaim = {
  /** From the kill until somebody else got the address; undefined when that took more than ten seconds too long. */
  readonly freeAfterMs: number | undefined
  readonly complaints: readonly string[]
}

/**
 * Kills the last replica when its claim is in the ledger and before it knows: the worst moment. Then somebody else asks for the
 * address until it is free. Takes two minutes. Uses round `round` of the contest `pools`, which no other may have used.
 */
export async function leaveClaim({ rest, poolguard, proxy }: Arena, round: number): Promise<LeftClaim> {
  const { replicas } = poolguard
  const victim = replicas.slice(-1)
  const isClaimed = proxy.swallowAnswer({ path: LEDGER_PATH, body: `${PREFIX}pools-` })
  poolguard.answerWith(victim)
  const [attempt, killedMs] = await Promise.all([
    create(rest, contender('pools', round, 0), racer(round)),
    killOnce(isClaimed, victim)
  ])
  poolguard.answerWith(replicas)
  const owner = `${PREFIX}pools-${round}-0`
  const complaints: string[] = []
  if (attempt.status === 201) complaints.push('the write came through')
  if (!(await claimed(rest)).includes(owner)) complaints.push(`no claim of ${owner} was left`)
  const freeAfterMs = await free(rest, round, { killedMs, complaints })
  if (freeAfterMs === undefined || freeAfterMs > MOST_MS) complaints.push(`not free after ${MOST_MS} ms`)
  await removeRacers(rest)
  return { freeAfterMs, complaints }
}

/** Kills it, and starts it again, as a Deployment does. Returns when it was killed. */
async function killOnce(isClaimed: Promise<void>, replicas: readonly Replica[]): Promise<number> {
  await isClaimed
  for (const one of replicas) await one.kill()
  const killedMs = performance.now()
  for (const one of replicas) await one.start()
  return killedMs
}

/** Asks for the address as another one does, again and again until it gets it. Adds answers that surprise. */
async function free(
  rest: Rest,
  round: number,
  { killedMs, complaints }: { readonly killedMs: number; readonly complaints: string[] }
): Promise<number | undefined> {
  while (performance.now() < killedMs + MOST_MS + 10_000) {
    const { status, message } = await create(rest, contender('pools', round, 1), racer(round))
    if (status === 201) return performance.now() - killedMs
    if (status !== 429) complaints.push(`answered ${status} instead of 429: ${message}`)
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
  return undefined
}
