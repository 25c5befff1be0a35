import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import { randomFrom } from '../differential/random.ts'
import { openArena } from '../race/arena.ts'
import { claimed } from '../race/claims.ts'
import { CONTESTS } from '../race/contests.ts'
import { runRound, type Round } from '../race/round.ts'
import { complaints, isSilenceTested } from '../race/verdict.ts'

/** Writes at once. */
const WRITERS = 64
const FAULTS = ['none', 'kill', 'pause'] as const
const REPLICAS = [1, 2, 3] as const
/** Of each contest; none has addresses of another, so that claims left by a kill keep nobody out. */
const ROUNDS = FAULTS.length * REPLICAS.length

await test('writes at once that take the same address, on a real cluster', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const seed = Number(process.env['POOLGUARD_SEED'] ?? Date.now() % 1_000_000)
  const random = randomFrom(seed)
  suite.comment(`POOLGUARD_SEED=${seed} kills the same replicas at the same moments`)

  const raced: Round[] = []
  for (const [turn, replicas] of REPLICAS.entries()) {
    await suite.test(`replicas: ${replicas}`, async t => {
      const arena = await openArena(cluster, { replicas, rounds: ROUNDS, writers: WRITERS })
      for (const contest of CONTESTS) {
        for (const [i, fault] of FAULTS.entries()) {
          const round = turn * FAULTS.length + i
          const done = await runRound(arena, { contest, round, writers: WRITERS, fault, random })
          t.same(complaints(done), [], `${contest}, fault: ${fault}`)
          raced.push(done)
        }
      }
      const killed = raced.flatMap(({ fault, left }) => (fault === 'kill' ? left : []))
      const older = (await claimed(arena.rest)).filter(name => !killed.includes(name))
      t.same(older, [], 'no claim is left but those of writes whose replica was killed')
      await arena.close()
    })
  }
  suite.ok(isSilenceTested(raced), 'replicas with silent watches were asked')
})
