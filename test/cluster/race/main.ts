import { availableParallelism, loadavg } from 'node:os'

import { isShuttingDown } from '../cleanup.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { randomFrom } from '../differential/random.ts'
import { openArena, type Arena } from './arena.ts'
import { measureCost, type Cost } from './cost.ts'
import { readFlags, usage, type Flags } from './flags.ts'
import { leaveClaim, type LeftClaim } from './left-claim.ts'
import { raceMetalLB } from './metallb.ts'
import { runRound, type Round } from './round.ts'
import { costTable, sideBySide } from './tables.ts'
import { complaints, isSilenceTested, tally } from './verdict.ts'

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (typeof flags === 'string') {
    console.log(flags === 'help' ? usage : `${flags}\n\n${usage}`)
    return flags === 'help' ? 0 : 2
  }
  const cluster = await startCluster({ report: say })
  try {
    return await onCluster(cluster, flags)
  } finally {
    await cluster.stop()
  }
}

async function onCluster(cluster: Cluster, flags: Flags): Promise<number> {
  const { replicas, rounds, writers, kinds, seed } = flags
  const arena = await openArena(cluster, { replicas, rounds, writers })
  say(
    `${rounds} rounds of ${writers} writes at once of each of ${kinds.join(', ')}; replicas: ${replicas}, seed ${seed}`
  )
  const raced = await race(arena, flags)
  const left = flags.faults.includes('kill') ? await leaveClaim(arena, rounds) : undefined
  const costs = flags.withCost ? await measureCost(arena, COST_PAIRS) : undefined
  await arena.close()
  const metallb = flags.withMetalLB ? tally(await raceMetalLB(cluster, { rounds, writers })) : undefined
  const wrong = [...raced.flatMap(complaints), ...(left?.complaints ?? [])]
  if (!isSilenceTested(raced)) wrong.push('no replica with silent watches was asked anything')
  for (const one of wrong) say(one)
  const total = tally(raced)
  if (!flags.isJson) {
    console.log(
      `${availableParallelism()} CPUs, load ${loadavg()
        .map(load => load.toFixed(1))
        .join(' ')}`
    )
    if (metallb !== undefined) {
      const pools = tally(raced.filter(({ contest }) => contest === 'pools'))
      console.log(
        sideBySide({ [`poolguard, replicas: ${replicas}`]: pools, "MetalLB's own webhook": metallb })
      )
    }
    if (costs !== undefined) console.log(costTable(costs))
  }
  console.log(JSON.stringify(summary({ flags, total, raced, left, costs, metallb, wrong })))
  return wrong.length > 0 ? 1 : 0
}

/** Blocks with the webhooks, and as many without. */
const COST_PAIRS = 6

async function race(
  arena: Arena,
  { kinds, rounds, writers, faults, seed }: Flags
): Promise<readonly Round[]> {
  const random = randomFrom(seed)
  const done: Round[] = []
  for (const contest of kinds) {
    for (let round = 0; round < rounds; round++) {
      const fault = faults[round % faults.length] ?? 'none'
      done.push(await runRound(arena, { contest, round, writers, fault, random }))
      if (round % 10 === 9) say(`${contest}: ${round + 1} rounds`)
    }
  }
  return done
}

type Outcome = {
  readonly flags: Flags
  readonly total: ReturnType<typeof tally>
  readonly raced: readonly Round[]
  readonly left: LeftClaim | undefined
  readonly costs: readonly Cost[] | undefined
  readonly metallb: ReturnType<typeof tally> | undefined
  readonly wrong: readonly string[]
}

/** The line of JSON; what was not asked for is not in it. */
function summary({ flags, total, raced, left, costs, metallb, wrong }: Outcome): object {
  const count = (fault: Round['fault']): number => raced.filter(round => round.fault === fault).length
  return {
    replicas: flags.replicas,
    ...total,
    killed: count('kill'),
    paused: count('pause'),
    seed: flags.seed,
    wrong: wrong.length,
    ...(left === undefined ? {} : { leftClaimFreeAfterMs: Math.round(left.freeAfterMs ?? -1) }),
    ...(metallb === undefined ? {} : { metallb }),
    ...(costs === undefined ? {} : { costs })
  }
}

/** stdout is kept for the result. */
function say(line: string): void {
  console.error(line)
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!isShuttingDown()) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 2
  }
}
