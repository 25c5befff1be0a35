import type { Random } from '../differential/random.ts'
import type { Poolguard } from '../poolguard.ts'
import type { Replica } from '../replica.ts'
import type { Arena } from './arena.ts'
import { settle } from './claims.ts'
import { PREFIX, type ContestName } from './contests.ts'
import { overlaps, racers, readStored, removeRacers } from './stored.ts'
import { wave, type Attempt } from './wave.ts'

/** `kill`: a replica is killed while the writes are on their way. `pause`: the last replica's watches are silent meanwhile. */
export type Fault = 'none' | 'kill' | 'pause'

export type RoundOptions = {
  readonly contest: ContestName
  /** From 0. */
  readonly round: number
  readonly writers: number
  readonly fault: Fault
  readonly random: Random
}

/** What came of one round, in which every write takes one address that all others take too. */
export type Round = {
  readonly contest: ContestName
  readonly round: number
  readonly fault: Fault
  readonly attempts: readonly Attempt[]
  /** Objects that are stored after it. */
  readonly survivors: readonly string[]
  /** Pairs of stored objects with an address in common. */
  readonly overlapping: readonly string[]
  /** Objects of this round that have a claim and are not stored. */
  readonly left: readonly string[]
  /** Objects that are stored and kept their claim for ten seconds. */
  readonly late: readonly string[]
  /** Writes that the replica with silent watches judged; undefined when none was, or it was the only one. */
  readonly judgedInSilence: number | undefined
}

/** A wave of 64 takes some 600 ms: before its first claim, at any step of it, and when all is over. */
const KILL_WITHIN_MS = 600

/** Runs one round, and removes again what it stored. */
export async function runRound(arena: Arena, options: RoundOptions): Promise<Round> {
  const { rest } = arena
  const { contest, round, fault } = options
  const { attempts, judgedInSilence } = await disturbed(arena, options)
  const { left, late } = await settle(rest)
  const stored = await readStored(rest)
  await removeRacers(rest)
  return {
    contest,
    round,
    fault,
    attempts,
    survivors: racers(stored).map(({ name }) => name),
    overlapping: overlaps(stored),
    left: left.filter(name => name.startsWith(`${PREFIX}${contest}-${round}-`)),
    late,
    judgedInSilence
  }
}

type Disturbed = Pick<Round, 'attempts' | 'judgedInSilence'>

async function disturbed(arena: Arena, options: RoundOptions): Promise<Disturbed> {
  const { rest } = arena
  const { contest, round, writers, fault } = options
  if (fault === 'pause') return inSilence(arena, options)
  const [attempts] = await Promise.all([
    wave(rest, { contest, round, from: 0, to: writers }),
    fault === 'kill' ? killOne(arena, options.random) : undefined
  ])
  return { attempts, judgedInSilence: undefined }
}

async function killOne({ poolguard }: Arena, random: Random): Promise<void> {
  const victim = random.pick(poolguard.replicas)
  await new Promise(resolve => setTimeout(resolve, random.int(KILL_WITHIN_MS)))
  await victim.kill()
  await victim.start()
}

/**
 * Half of the writers, who are answered by the other replicas; the other half once the claim of the first is gone. Then nothing but
 * the revision in the ledger tells the replica whose watches are silent that its view lacks what is stored. A replica alone answers
 * all of them.
 */
async function inSilence(arena: Arena, { contest, round, writers }: RoundOptions): Promise<Disturbed> {
  const { rest, proxy, poolguard } = arena
  const { replicas } = poolguard
  const half = Math.ceil(writers / 2)
  const isAlone = replicas.length === 1
  proxy.pauseWatches()
  try {
    if (!isAlone) await answerWith(poolguard, replicas.slice(0, -1))
    const first = await wave(rest, { contest, round, from: 0, to: half })
    await settle(rest)
    if (!isAlone) await answerWith(poolguard, replicas)
    const before = await judged(replicas.at(-1))
    const second = await wave(rest, { contest, round, from: half, to: writers })
    const judgedInSilence = isAlone ? undefined : (await judged(replicas.at(-1))) - before
    return { attempts: [...first, ...second], judgedInSilence }
  } finally {
    proxy.resumeWatches()
  }
}

/** The API server gets to know in a moment that connections it kept are closed. */
async function answerWith(poolguard: Poolguard, replicas: readonly Replica[]): Promise<void> {
  poolguard.answerWith(replicas)
  await new Promise(resolve => setTimeout(resolve, 100))
}

/** Writes that a replica asked the ledger about so far. */
async function judged(replica: Replica | undefined): Promise<number> {
  const text = await (await fetch(`${replica?.adminUrl}/metrics`)).text()
  const counts = text.matchAll(/^poolguard_ledger_writes_total\{.*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}
