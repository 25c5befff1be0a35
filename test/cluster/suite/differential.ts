import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import { REASONS } from '../differential/differences.ts'
import { shownStep, tally } from '../differential/tally.ts'
import { STEPS_A_ROUND, walk } from '../differential/walk.ts'
import { createWorld } from '../differential/world.ts'
import { connectRest } from '../rest.ts'

/** Always the same cases, so that it fails only for a change; POOLGUARD_SEED=$RANDOM has others. */
const seed = Number(process.env['POOLGUARD_SEED'] ?? 1)
const rounds = Number(process.env['POOLGUARD_ROUNDS'] ?? 80)

/** Of those that fail it. */
const mostShown = 5

await test("poolguard's verdicts are those of MetalLB's own webhook, but for the listed differences", async t => {
  // without the watch cache a LIST does not wait for it to have caught up: a millisecond instead of 20
  const cluster = await startCluster({ apiServerFlags: ['--watch-cache=false'] })
  t.teardown(() => cluster.stop())
  const webhook = await cluster.startMetalLBWebhook()
  const api = connectRest({ url: cluster.server, ca: cluster.ca, token: cluster.credentials.token('admin') })
  t.teardown(() => api.close())

  const world = await createWorld(api)
  const { agreed, explained, unexplained, silent } = await tally(walk(seed, rounds, { world, webhook }))
  t.comment(`${rounds * STEPS_A_ROUND} cases: POOLGUARD_SEED=${seed} POOLGUARD_ROUNDS=${rounds}`)
  t.comment(`${agreed.allowed} allowed by both, ${agreed.denied} refused by both`)
  for (const { name, why } of REASONS) t.comment(`${explained.get(name)} differ, ${name}: ${why}`)

  for (const step of unexplained.slice(0, mostShown)) t.comment(shownStep(step))
  t.equal(unexplained.length, 0, 'no difference is without a reason')
  for (const step of silent.slice(0, mostShown)) t.comment(shownStep(step))
  t.equal(silent.length, 0, "what breaks MetalLB's configuration as a whole gets a warning at least")
  // one round again has too few cases for all of them
  const expected = rounds < 80 ? [] : REASONS.filter(({ isRare }) => isRare !== true)
  const unused = expected.filter(({ name }) => explained.get(name) === 0)
  t.same(unused, [], 'every listed reason explains something')
})
