import type { JsonObject } from '../json.ts'
import { metallbNamespace } from '../users.ts'
import { compare } from './compare.ts'
import type { Case, Compared } from './compare.ts'
import { randomWrite } from './proposals.ts'
import { randomFrom } from './random.ts'
import { placeOf } from './world.ts'

/** A case and how to have it again: it is that step of the round with that seed. */
export type Step = { readonly seed: number; readonly step: number; readonly one: Case }

/** Writes after which a round starts from nothing again: long enough for a dozen objects to meet. */
export const STEPS_A_ROUND = 25

/**
 * In every third round what is refused is now and then stored all the same, as by writers that were too fast for a webhook,
 * and what is in the wrong namespace always.
 */
const MESSY_ROUNDS = 3
const STORED_DESPITE_PERCENT = 20
const ELSEWHERE_PERCENT = { clean: 3, messy: 20 }

/**
 * A random walk over sets of MetalLB's objects. Each step proposes a write, has it judged, and stores it when MetalLB and
 * poolguard both allow it. Every round has a seed of its own, from `firstSeed` on, and starts from an empty set.
 */
export async function* walk(firstSeed: number, rounds: number, compared: Compared): AsyncGenerator<Step> {
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    await compared.world.clear()
    yield* seed % MESSY_ROUNDS === 0 ? messyRound(seed, compared) : cleanRound(seed, compared)
  }
}

/** What breaks MetalLB's configuration as a whole, such as a name of something not there yet, ends the set. */
async function* cleanRound(seed: number, compared: Compared): AsyncGenerator<Step> {
  const { world } = compared
  const random = randomFrom(seed)
  for (let step = 0; step < STEPS_A_ROUND; step++) {
    const object = randomWrite(random, world.objects(), ELSEWHERE_PERCENT.clean)
    const one = await compare(object, '', compared)
    yield { seed, step, one }
    if (isStored(one) && one.speakers.after !== '') await world.clear()
  }
}

async function* messyRound(seed: number, compared: Compared): AsyncGenerator<Step> {
  const { world, webhook } = compared
  const random = randomFrom(seed)
  let before = ''
  for (let step = 0; step < STEPS_A_ROUND; step++) {
    const object = randomWrite(random, world.objects(), ELSEWHERE_PERCENT.messy)
    const one = await compare(object, before, compared)
    yield { seed, step, one }
    if (isStored(one)) before = one.speakers.after
    else if (isElsewhere(object) || random.chance(STORED_DESPITE_PERCENT)) {
      await world.store(object)
      before = await webhook.configurationError()
    }
  }
}

function isStored({ metallb, poolguard }: Case): boolean {
  return metallb.allowed && poolguard.allowed
}

function isElsewhere(object: JsonObject): boolean {
  return placeOf(object).namespace !== metallbNamespace
}
