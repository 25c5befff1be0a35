import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import { compare } from '../differential/compare.ts'
import type { Case } from '../differential/compare.ts'
import { REASONS } from '../differential/differences.ts'
import { randomWrite } from '../differential/proposals.ts'
import { randomFrom } from '../differential/random.ts'
import { createWorld } from '../differential/world.ts'
import type { World } from '../differential/world.ts'
import type { MetalLBWebhook } from '../metallb-webhook.ts'
import { connectRest } from '../rest.ts'

/** Every round starts from an empty set, with a seed of its own: the first one's plus its number. */
const rounds = Number(process.env['POOLGUARD_ROUNDS'] ?? 80)
const stepsARound = 25
const firstSeed = Number(process.env['POOLGUARD_SEED'] ?? Date.now() % 1_000_000)

/** In every third round, what is refused is now and then stored all the same, as by writers that were too fast for a webhook. */
const messyRounds = 3
const storedDespitePercent = 15

type Numbered = { readonly seed: number; readonly step: number; readonly one: Case }

async function* walk(world: World, webhook: MetalLBWebhook): AsyncGenerator<Numbered> {
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const random = randomFrom(seed)
    await world.clear()
    for (let step = 0; step < stepsARound; step++) {
      const object = randomWrite(random, world.objects())
      const one = await compare(object, world, webhook)
      yield { seed, step, one }
      const isMessy = seed % messyRounds === 0 && random.chance(storedDespitePercent)
      if ((one.metallb.allowed && one.poolguard.allowed) || isMessy) await world.store(object)
    }
  }
}

/** Enough to see the difference by, without what the API server adds. */
function shown({ seed, step, one }: Numbered): string {
  const bare = (object: object | undefined) =>
    JSON.stringify(object, (key, value: unknown) => (key === 'managedFields' ? undefined : value))
  return [
    `POOLGUARD_SEED=${seed} POOLGUARD_ROUNDS=1, step ${step}: ${one.operation} ${bare(one.object)}`,
    `  instead of ${bare(one.oldObject)}`,
    `  MetalLB: ${one.metallb.allowed ? 'allowed' : one.metallb.message}`,
    `  MetalLB on a harmless write: ${one.metallbOnStored.allowed ? 'allowed' : one.metallbOnStored.message}`,
    `  poolguard: ${one.poolguard.allowed ? 'allowed ' : ''}${one.poolguard.messages.join(' | ')}`,
    ...one.stored.map(object => `  stored: ${bare(object)}`)
  ].join('\n')
}

await test("poolguard's verdicts are those of MetalLB's own webhook, but for the listed differences", async t => {
  // without the watch cache a LIST does not wait for it to have caught up: a millisecond instead of 20
  const cluster = await startCluster({ apiServerFlags: ['--watch-cache=false'] })
  t.teardown(() => cluster.stop())
  const webhook = await cluster.startMetalLBWebhook()
  const api = connectRest({ url: cluster.server, ca: cluster.ca, token: cluster.credentials.token('admin') })
  t.teardown(() => api.close())

  const agreed = { allowed: 0, denied: 0 }
  const explained = new Map(REASONS.map(({ name }) => [name, 0]))
  const unexplained: Numbered[] = []
  for await (const numbered of walk(await createWorld(api), webhook)) {
    const { metallb, poolguard } = numbered.one
    if (metallb.allowed === poolguard.allowed) {
      agreed[metallb.allowed ? 'allowed' : 'denied']++
      continue
    }
    const reason = REASONS.find(({ explains }) => explains(numbered.one))
    if (reason === undefined) unexplained.push(numbered)
    else explained.set(reason.name, (explained.get(reason.name) ?? 0) + 1)
  }

  const cases = rounds * stepsARound
  t.comment(
    `${cases} cases from POOLGUARD_SEED=${firstSeed}; ${agreed.allowed} allowed and ${agreed.denied} denied by both`
  )
  for (const { name, why } of REASONS) t.comment(`${explained.get(name) ?? 0} differ, ${name}: ${why}`)
  for (const one of unexplained.slice(0, Number(process.env['SHOW'] ?? 5))) t.comment(shown(one))
  t.equal(unexplained.length, 0, 'no difference is unexplained')
})
