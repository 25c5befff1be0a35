import type { Arena } from './arena.ts'
import { COLLECTIONS, contender } from './contests.ts'
import { removeRacers } from './stored.ts'
import { quantile } from './verdict.ts'
import { create, racer, wave } from './wave.ts'

/** Latencies of one sort of write, in ms. */
type Samples = { readonly without: number[]; readonly with: number[] }

/** One row of the table: medians of both, the difference of the two, and how many times as long it takes. */
export type Cost = {
  readonly write: string
  readonly samples: number
  readonly withoutMs: number
  readonly withMs: number
  readonly addedMs: number
  readonly ratio: number
}

/** What one block measures of each sort. */
const PER_BLOCK = { still: 40, growing: 20, races: 4 }
/** Writes of one race. */
const RACING = 8
/** Of a write that takes addresses, until the next one: its claim is collected by then, so that nothing contends. */
const QUIET_MS = 100

/**
 * Latencies with and without poolguard's webhooks, in blocks that alternate (with, without, without, with, ...), so that what else
 * the machine does meets both. Needs a plan of two rounds a block pair and `RACING` writers.
 */
export async function measureCost(arena: Arena, pairs: number): Promise<readonly Cost[]> {
  const unasked: Samples = { without: [], with: [] }
  const still: Samples = { without: [], with: [] }
  const growing: Samples = { without: [], with: [] }
  const lost: Samples = { without: [], with: [] }
  let isRegistered = true
  for (let block = 0; block < pairs * 2; block++) {
    const isWith = block % 4 === 0 || block % 4 === 3
    if (isWith !== isRegistered) await (isWith ? arena.poolguard.register() : arena.poolguard.unregister())
    isRegistered = isWith
    await effective(arena, isWith)
    const to = isWith ? 'with' : 'without'
    unasked[to].push(...(await changes(arena, 'annotations')))
    still[to].push(...(await changes(arena, 'labels')))
    growing[to].push(...(await creates(arena)))
    lost[to].push(...(await races(arena, isWith)))
  }
  if (!isRegistered) await arena.poolguard.register()
  return [
    cost('changes an annotation: poolguard is not asked', unasked),
    cost('takes no addresses (a label)', still),
    cost('takes addresses, alone', growing),
    cost(`loses a race of ${RACING}`, lost)
  ]
}

/** The pool that is changed, and that the probe is refused for. */
const BASE = { round: 249, name: 'race-pools-249-0' }

/** Waits until the API server asks poolguard, or does not ask it any more; leaves pool `BASE` behind. */
async function effective({ rest }: Arena, isWith: boolean): Promise<void> {
  await create(rest, contender('pools', BASE.round, 0), racer(BASE.round))
  const { body } = contender('pools', BASE.round, 1)
  const path = `${COLLECTIONS.IPAddressPool}?dryRun=All`
  for (;;) {
    const { status } = await rest.send({ method: 'POST', path, body })
    // the two configurations come one after the other
    await new Promise(resolve => setTimeout(resolve, 300))
    if ((status === 403) === isWith) return
  }
}

async function changes({ rest }: Arena, what: 'annotations' | 'labels'): Promise<readonly number[]> {
  const took: number[] = []
  const path = `${COLLECTIONS.IPAddressPool}/${BASE.name}`
  for (let i = 0; i < PER_BLOCK.still; i++) {
    const body = { metadata: { [what]: { note: `n${performance.now()}` } } }
    const startedMs = performance.now()
    const { status } = await rest.send({ method: 'PATCH', path, body, as: racer(0) })
    if (status !== 200) throw new Error(`${what}: HTTP ${status}`)
    took.push(performance.now() - startedMs)
  }
  return took
}

async function creates({ rest }: Arena): Promise<readonly number[]> {
  const took: number[] = []
  for (let round = 0; round < PER_BLOCK.growing; round++) {
    await new Promise(resolve => setTimeout(resolve, QUIET_MS))
    const { status, tookMs, message } = await create(rest, contender('pools', round, 0), racer(round))
    if (status !== 201) throw new Error(`a pool alone: HTTP ${status} ${message}`)
    took.push(tookMs)
  }
  return took
}

/** Of those that lose, or of all where nothing stops them; removes whatever was made. */
async function races({ rest }: Arena, isWith: boolean): Promise<readonly number[]> {
  const took: number[] = []
  for (let i = 0; i < PER_BLOCK.races; i++) {
    const attempts = await wave(rest, { contest: 'pools', round: 100 + i, from: 0, to: RACING })
    took.push(...attempts.filter(({ status }) => !isWith || status !== 201).map(({ tookMs }) => tookMs))
    await new Promise(resolve => setTimeout(resolve, QUIET_MS))
  }
  await removeRacers(rest)
  // of all that was removed here, nothing is left in poolguard's view
  await new Promise(resolve => setTimeout(resolve, QUIET_MS * 5))
  return took
}

function cost(write: string, samples: Samples): Cost {
  const [withoutMs, withMs] = [quantile(samples.without, 0.5), quantile(samples.with, 0.5)]
  const round = (value: number): number => Math.round(value * 10) / 10
  return {
    write,
    samples: samples.with.length,
    withoutMs: round(withoutMs),
    withMs: round(withMs),
    addedMs: round(withMs - withoutMs),
    ratio: round(withMs / withoutMs)
  }
}
