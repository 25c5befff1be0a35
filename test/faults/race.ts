import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../histories/random.ts'
import { asked, objectOf, type Wish } from './replicas.ts'
import type { StoringApiServer } from './storing-api-server.ts'
import type { World } from './world.ts'

/** The two sets of creates in a round: all of a set share an address, and none with the other set. */
export const SETS = [231, 244] as const

/** A create of a round, when it is asked for, and how long the API server takes to store it. */
export interface Create {
  readonly wish: Wish
  readonly set: number
  readonly replica: number
  readonly startMs: number
  readonly storeMs: number
}

export function creates(random: Random, count: number, replicas: number): readonly Create[] {
  return Array.from({ length: count }, (_, i) => {
    const set = random.of(SETS)
    const wish = { name: `p${i}`, first: set - random.below(5), last: set + random.below(6) }
    const replica = random.below(replicas)
    return { wish, set, replica, startMs: random.below(120), storeMs: random.below(30) }
  })
}

/** Lets 24 creates run at once, collectors beside them; which were stored, and what each was told. */
export async function raced(
  storing: StoringApiServer,
  worlds: readonly World[],
  random: Random
): Promise<{ readonly stored: readonly Create[]; readonly codes: readonly number[] }> {
  const stored: Create[] = []
  let isRunning = true
  const collecting = worlds.map(async ({ ledger }) => {
    while (isRunning) {
      await ledger.collector.collect()
      await sleep(3)
    }
  })
  const codes = await Promise.all(
    creates(random, 24, worlds.length).map(async create => {
      await sleep(create.startMs)
      const object = objectOf(create.wish)
      const { code } = await asked(worlds[create.replica] ?? unreachable(), create.wish, object)
      if (code !== 200) return code
      await sleep(create.storeMs)
      stored.push(create)
      return storing.create(object)
    })
  )
  isRunning = false
  await Promise.all(collecting)
  return { stored, codes }
}

export function unreachable(): never {
  throw new Error('there are three')
}
