import type { Test } from 'tap'
import { isRecord } from '../../src/kinds/decode.ts'
import { COLLECT_EVERY_MS, RETRY_AFTER_SECONDS, TTL_MS } from '../../src/ledger/limits.ts'
import { pool, poolReview } from './reviews.ts'
import type { StoringApiServer } from './storing-api-server.ts'
import { startWorld, type World } from './world.ts'

const HOUR_MS = 3_600_000

/** A CREATE of a pool, asked for by a user of its name. Between .226 and .250 nothing is stored when a row begins. */
export interface Wish {
  readonly name: string
  readonly first: number
  readonly last: number
}

export const MINE: Wish = { name: 'mine', first: 230, last: 234 }
export const OTHERS: Wish = { name: 'others', first: 234, last: 238 }

/** Replicas by name of their token, whose clocks are an hour apart. */
export async function replicasOf(t: Test, on: StoringApiServer, count: number): Promise<readonly World[]> {
  const worlds: World[] = []
  for (let i = 0; i < count; i++) {
    const replica = { on, token: `replica-${i}`, clockOffsetMs: i * HOUR_MS }
    worlds.push(await startWorld(t, { replica }))
  }
  for (const { ledger } of worlds) await ledger.collector.collect()
  return worlds
}

export async function two(t: Test, on: StoringApiServer): Promise<readonly [World, World]> {
  const [a, b] = await replicasOf(t, on, 2)
  if (a === undefined || b === undefined) throw new Error('two were started')
  return [a, b]
}

let uids = 0

/** Each request to create has a uid of its own, a retry as well. */
export function objectOf({ name, first, last }: Wish): object {
  return pool(name, [`192.168.1.${first}-192.168.1.${last}`], { uid: `uid-${(uids += 1)}` })
}

export function createReview(object: object, name: string): string {
  return poolReview({ operation: 'CREATE', object, user: name }, name)
}

/** What a review says: 200 or the code of the refusal, and after how long to ask again. */
export interface Said {
  readonly code: number
  readonly retryAfterSeconds: unknown
  readonly message: string
}

export async function asked(guarded: Pick<World, 'ask'>, wish: Wish, object = objectOf(wish)): Promise<Said> {
  const json: unknown = JSON.parse((await guarded.ask(createReview(object, wish.name))).body)
  const response = isRecord(json) && isRecord(json['response']) ? json['response'] : {}
  if (response['allowed'] === true) return { code: 200, retryAfterSeconds: undefined, message: '' }
  const status = isRecord(response['status']) ? response['status'] : {}
  const details = isRecord(status['details']) ? status['details'] : {}
  return {
    code: Number(status['code']),
    retryAfterSeconds: details['retryAfterSeconds'],
    message: String(status['message'])
  }
}

export const LATER = { code: 429, retryAfterSeconds: RETRY_AFTER_SECONDS }

/** The collectors see what is there, wait as long as a claim may live, and look again. */
export async function outlive(worlds: readonly World[]): Promise<void> {
  for (const { ledger } of worlds) await ledger.collector.collect()
  for (const { ledger } of worlds) {
    ledger.advance(TTL_MS + COLLECT_EVERY_MS)
    await ledger.collector.collect()
  }
}
