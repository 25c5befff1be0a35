import { readFileSync } from 'node:fs'

import type { Cluster } from '../cluster.ts'
import type { Faults } from './faults.ts'
import type { Flags } from './flags.ts'
import type { KubeOvnKeeper } from './keepers.ts'
import { LEAST_MINUTES, type Resident } from './resident.ts'
import type { Scrapes } from './scrapes.ts'
import type { Standing } from './standing.ts'
import type { Book, Wrong } from './writer.ts'

/** What a run found. */
export type Found = {
  readonly flags: Flags
  readonly book: Book
  readonly faults: Pick<Faults, 'counts' | 'complaints'>
  /** Contests of which nothing was stored though nothing explains it, one sentence each. */
  readonly empty: readonly string[]
  /** Pairs of objects that held an address in common. */
  readonly overlaps: ReadonlySet<string>
  /** Names of objects that have a claim still. */
  readonly claims: readonly string[]
  readonly standing: Standing
  readonly keeper: Pick<KubeOvnKeeper, 'restarts'>
  /** Of the replica that was never killed. */
  readonly resident: Resident | undefined
  readonly scrapes: Pick<Scrapes, 'mostLagMs'>
  readonly ledger: Readonly<Record<string, number>>
}

/** Everything that must not be, one sentence each; empty: the run is fine. */
export function complaints(found: Found): readonly string[] {
  const { flags, book, faults, empty, overlaps, claims, standing, resident } = found
  const isGrowing = flags.minutes >= LEAST_MINUTES && resident?.isFlat !== true
  return [
    ...book.wrong.map(one => JSON.stringify(one)),
    ...(book.wronglyStored > 0 ? [`wrongly stored: ${book.wronglyStored}`] : []),
    ...empty,
    ...faults.complaints,
    ...[...overlaps].map(pair => `hold an address in common: ${pair}`),
    ...claims.map(name => `a claim is left of ${name}`),
    ...standing.shared.map(address => `more than one OvnEip has ${address}`),
    ...standing.stuck.map(name => `never got an address: OvnEip ${name}`),
    ...(isGrowing ? [`memory grew: ${JSON.stringify(resident ?? 'no samples')}`] : [])
  ]
}

/** The line of JSON. */
export function summary(found: Found): object {
  const { flags, book, faults, empty, overlaps, claims, standing, keeper, resident, scrapes, ledger } = found
  const isLost = ({ verdict }: Wrong): boolean => verdict === 'lost'
  const others = book.wrong.filter(one => !isLost(one))
  return {
    seed: flags.seed,
    minutes: flags.minutes,
    replicas: flags.replicas,
    writes: byKind(book),
    waits: Object.fromEntries(book.waits),
    outages: faults.counts,
    lostCalls: book.wrong.filter(isLost).length,
    wronglyStored: book.wronglyStored,
    surprises: others.length + empty.length + faults.complaints.length,
    overlaps: overlaps.size,
    live: standing.live,
    shared: standing.shared.length,
    stuck: standing.stuck.length,
    emptiedByKubeOvn: standing.emptied.length,
    kubeOvnRestarts: keeper.restarts,
    rss: resident ?? 'no samples',
    eventLoopLagMaxMs: Math.round(scrapes.mostLagMs),
    ledger,
    claimsLeft: claims.length
  }
}

/** By kind, in the order of their names, then by verdict. */
function byKind({ counts }: Book): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const kinds = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(kinds.map(([kind, verdicts]) => [kind, Object.fromEntries(verdicts)]))
}

/** Lines of poolguard's logs about reviews that answers say could not be judged. */
export function linesAbout({ wrong }: Book, cluster: Pick<Cluster, 'processes'>): readonly string[] {
  const reviews = wrong.flatMap(({ message }) => /its log has review (\S+)/.exec(message)?.[1] ?? [])
  const replicas = cluster.processes().filter(({ name }) => name.startsWith('poolguard'))
  const lines = [...new Set(replicas.map(({ logFile }) => logFile))].flatMap(file =>
    readFileSync(file, 'utf8').split('\n')
  )
  return lines.filter(line => reviews.some(review => line.includes(review))).map(line => line.slice(0, 500))
}
