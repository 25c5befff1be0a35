import { TTL_MS } from '../../../src/ledger/limits.ts'
import type { Arena } from './arena.ts'
import { claimed, LEDGER_PATH } from './claims.ts'
import { contender, PREFIX } from './contests.ts'
import { removeRacers } from './stored.ts'
import { create, racer } from './wave.ts'

/** How long a claim may keep others out once its replica is dead. */
const MOST_MS = TTL_MS + 5_000

/** As poolguard tells whoever it answers 429. */
const RETRY_MS = 2_000

/** What came of a claim whose replica died before it answered. */
export type LeftClaim = {
  /** From the kill until somebody else got the address; undefined when that took more than ten seconds too long. */
  readonly freeAfterMs: number | undefined
  readonly complaints: readonly string[]
}

/**
 * Kills the last replica when its claim is in the ledger and before it knows: the worst moment. Then somebody else asks for the
 * address until it is free. Takes two minutes. Uses the contest `pools`, rounds 0 and on.
 */
export async function leaveClaim({ rest, poolguard, proxy }: Arena, rounds: number): Promise<LeftClaim> {
  const victim = poolguard.replicas.at(-1)
  if (victim === undefined) throw new Error('no replica')
  const isClaimed = proxy.swallowAnswer({ path: LEDGER_PATH, body: `${PREFIX}pools-` })
  let killedMs: number | undefined
  const killOnceClaimed = async (): Promise<void> => {
    await isClaimed
    await victim.kill()
    killedMs = performance.now()
    await victim.start()
  }
  const killed = killOnceClaimed()
  let round = -1
  // Other replicas answer some of them; of those each is stored.
  while (killedMs === undefined && round < rounds - 1) {
    round += 1
    await create(rest, contender('pools', round, 0), racer(round))
  }
  if (killedMs === undefined) throw new Error('the replica that was to die was never asked')
  await killed
  const owner = `${PREFIX}pools-${round}-0`
  const complaints = (await claimed(rest)).includes(owner) ? [] : [`no claim of ${owner} was left`]
  const deadline = killedMs + MOST_MS + 10_000
  let freeAfterMs: number | undefined
  while (freeAfterMs === undefined && performance.now() < deadline) {
    const { status, message } = await create(rest, contender('pools', round, 1), racer(round))
    if (status === 201) freeAfterMs = performance.now() - killedMs
    else if (status !== 429) complaints.push(`answered ${status} instead of 429: ${message}`)
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
  if (freeAfterMs === undefined || freeAfterMs > MOST_MS) complaints.push(`not free after ${MOST_MS} ms`)
  await removeRacers(rest)
  return { freeAfterMs, complaints }
}
