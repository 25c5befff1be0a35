import type { Cluster } from '../cluster.ts'
import { randomFrom } from '../differential/random.ts'
import { connectAdmin } from '../race/arena.ts'
import { connectRest, type Rest } from '../rest.ts'
import { AreaLife } from './area-life.ts'
import { EipLife } from './eip-life.ts'
import { isSeen, type Excuse, type Silence } from './excuses.ts'
import type { Flags } from './flags.ts'
import { staticAddresses } from './plan.ts'
import { ServiceLife } from './service-life.ts'
import { VipLife } from './vip-life.ts'
import { newBook, Writer, type Book } from './writer.ts'

/** Everything that is written. */
export type Lives = {
  readonly book: Book
  /** Whoever may read all, over connections that stay open. */
  readonly admin: Rest
  /** Makes the OvnEips that have to be there at first. */
  fill(): Promise<void>
  until(endMs: number): Promise<void>
  /** Contests of which nothing was stored though nothing explains it. */
  empty(): readonly string[]
  close(): void
}

/** Workers and their part of all steps; a contest counts as one. */
const SHARES = {
  eips: { workers: 8, percent: 70 },
  areas: { workers: 6, percent: 16 },
  vips: { workers: 3, percent: 7 },
  services: { workers: 2, percent: 7 }
} as const

export function startLives(
  cluster: Cluster,
  { seed, tenants, eips, rate }: Flags,
  { excuses, silences }: { readonly excuses: readonly Excuse[]; readonly silences: readonly Silence[] }
): Lives {
  const book = newBook()
  const admin = connectAdmin(cluster)
  const cpo = connectRest({ url: cluster.server, ca: cluster.ca, token: cluster.credentials.token('cpo') })
  const statics = staticAddresses()
  const writer = new Writer(admin, book, excuses)
  const shared = { statics, isSeen: (storedMs: number) => isSeen(storedMs, Date.now(), silences) }
  const own = (part: number) => ({ ...shared, writer, random: randomFrom(seed * 10 + part) })
  const lives = {
    eips: new EipLife({ ...own(0), writer: new Writer(cpo, book, excuses), tenants, eips }),
    areas: new AreaLife(own(1)),
    vips: new VipLife(own(2)),
    services: new ServiceLife(own(3))
  }
  const names = Object.keys(SHARES) as (keyof typeof SHARES)[]
  return {
    book,
    admin,
    fill: () =>
      work(lives.eips, () => lives.eips.size >= eips, { workers: SHARES.eips.workers, rate: Infinity }),
    until: async endMs => {
      const isOver = () => Date.now() > endMs
      await Promise.all(
        names.map(name => {
          const { workers, percent } = SHARES[name]
          return work(lives[name], isOver, { workers, rate: (rate * percent) / 100 })
        })
      )
    },
    empty: () => [...lives.areas.empty, ...lives.vips.empty],
    close: () => {
      admin.close()
      cpo.close()
    }
  }
}

/** Steps one after the other in several workers at once; no more than `rate` a second. */
async function work(
  life: { step(): Promise<void> },
  isOver: () => boolean,
  { workers, rate }: { readonly workers: number; readonly rate: number }
): Promise<void> {
  const pauseMs = (workers / rate) * 1_000
  const worker = async (): Promise<void> => {
    while (!isOver()) {
      const pause = new Promise(resolve => setTimeout(resolve, pauseMs))
      await life.step()
      await pause
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
}
