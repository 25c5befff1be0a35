import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import { compare } from '../differential/compare.ts'
import type { Case, Compared } from '../differential/compare.ts'
import { breaksWhole, REASONS, reasonOf } from '../differential/differences.ts'
import { randomWrite } from '../differential/proposals.ts'
import { randomFrom } from '../differential/random.ts'
import { createWorld, placeOf } from '../differential/world.ts'
import type { JsonObject } from '../json.ts'
import { connectRest } from '../rest.ts'
import { metallbNamespace } from '../users.ts'

/** Every round starts from an empty set, with a seed of its own: the first one's plus its number. */
const rounds = Number(process.env['POOLGUARD_ROUNDS'] ?? 80)
const stepsARound = 25
const firstSeed = Number(process.env['POOLGUARD_SEED'] ?? Date.now() % 1_000_000)

/**
 * In every third round what is refused is now and then stored all the same, as by writers that were too fast for a webhook,
 * and what is in the wrong namespace always.
 */
const messyRounds = 3
const storedDespitePercent = 20
const elsewherePercent = { clean: 3, messy: 20 }

/** Of each sort. */
const mostShown = 5

type Numbered = { readonly seed: number; readonly step: number; readonly one: Case }

function isElsewhere(object: JsonObject): boolean {
  return placeOf(object).namespace !== metallbNamespace
}

async function* walk(compared: Compared): AsyncGenerator<Numbered> {
  const { world, webhook } = compared
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const random = randomFrom(seed)
    const isMessy = seed % messyRounds === 0
    let speakersSay = ''
    await world.clear()
    for (let step = 0; step < stepsARound; step++) {
      const object = randomWrite(random, world.objects(), elsewherePercent[isMessy ? 'messy' : 'clean'])
      const one = await compare(object, speakersSay, compared)
      yield { seed, step, one }
      const isStored = one.metallb.allowed && one.poolguard.allowed
      if (isStored) speakersSay = one.speakers.after
      else if (isMessy && (isElsewhere(object) || random.chance(storedDespitePercent))) {
        await world.store(object)
        speakersSay = await webhook.configurationError()
      }
      if (!isMessy && speakersSay !== '') {
        speakersSay = ''
        await world.clear()
      }
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
    `  MetalLB on what is stored: ${one.mess?.stored.message ?? 'not asked'}, on the others: ${one.mess?.others.message ?? 'not asked'}`,
    `  speakers: ${one.speakers.before || 'fine'}, then ${one.speakers.after || 'fine'}`,
    `  poolguard: ${one.poolguard.allowed ? 'allowed ' : ''}${one.poolguard.messages.join(' | ')}`,
    ...one.stored.map(object => `  stored: ${bare(object)}`)
  ].join('\n')
}

/** What both said, how often each reason explained a difference, and what none did. */
async function tallied(walked: AsyncIterable<Numbered>) {
  const agreed = { allowed: 0, denied: 0 }
  const explained = new Map(REASONS.map(({ name }) => [name, 0]))
  const unexplained: Numbered[] = []
  const silent: Numbered[] = []
  for await (const numbered of walked) {
    const { metallb, poolguard } = numbered.one
    if (breaksWhole(numbered.one) && poolguard.messages.length === 0) silent.push(numbered)
    if (metallb.allowed !== poolguard.objects) {
      agreed[metallb.allowed ? 'allowed' : 'denied']++
      continue
    }
    const reason = reasonOf(numbered.one)
    if (reason === undefined) unexplained.push(numbered)
    else explained.set(reason.name, (explained.get(reason.name) ?? 0) + 1)
  }
  return { agreed, explained, unexplained, silent }
}

await test("poolguard's verdicts are those of MetalLB's own webhook, but for the listed differences", async t => {
  // without the watch cache a LIST does not wait for it to have caught up: a millisecond instead of 20
  const cluster = await startCluster({ apiServerFlags: ['--watch-cache=false'] })
  t.teardown(() => cluster.stop())
  const webhook = await cluster.startMetalLBWebhook()
  const api = connectRest({ url: cluster.server, ca: cluster.ca, token: cluster.credentials.token('admin') })
  t.teardown(() => api.close())

  const { agreed, explained, unexplained, silent } = await tallied(
    walk({ world: await createWorld(api), webhook })
  )

  const cases = rounds * stepsARound
  t.comment(
    `${cases} cases from POOLGUARD_SEED=${firstSeed}; ${agreed.allowed} allowed and ${agreed.denied} denied by both`
  )
  for (const { name, why } of REASONS) t.comment(`${explained.get(name) ?? 0} differ, ${name}: ${why}`)
  for (const one of unexplained.slice(0, mostShown)) t.comment(shown(one))
  const unused = REASONS.filter(({ name }) => explained.get(name) === 0).map(({ name }) => name)
  // a replay of one round has few cases
  if (rounds >= 80) t.same(unused, [], 'every reason explains something')
  t.equal(unexplained.length, 0, 'no difference is unexplained')
  for (const one of silent.slice(0, mostShown)) t.comment(shown(one))
  t.equal(silent.length, 0, "what breaks MetalLB's configuration as a whole gets a warning at least")
})
