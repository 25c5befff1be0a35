import { readFileSync } from 'node:fs'

import { startApiProxy } from '../api-proxy.ts'
import { isShuttingDown } from '../cleanup.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { randomFrom } from '../differential/random.ts'
import { startPoolguard } from '../poolguard.ts'
import { Faults, SHUTDOWN_DELAY_SECONDS } from './faults.ts'
import { readFlags, usage, type Flags } from './flags.ts'
import { claimsLeft, KubeOvnKeeper, OverlapWatch } from './keepers.ts'
import { startLives, type Lives } from './lives.ts'
import { CPO, prepareCluster, writePolicies } from './plan.ts'
import { LEAST_MINUTES, residentOver } from './resident.ts'
import { Scrapes } from './scrapes.ts'
import { settled } from './standing.ts'

const SCRAPE_EVERY_MS = 2_000
const LOOK_FOR_OVERLAPS_EVERY_MS = 15_000
const TELL_EVERY_MS = 30_000

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (typeof flags === 'string') {
    console.log(flags === 'help' ? usage : `${flags}\n\n${usage}`)
    return flags === 'help' ? 0 : 2
  }
  const cluster = await startCluster({ users: { cpo: CPO }, report: say })
  try {
    return await onCluster(cluster, flags)
  } finally {
    await cluster.stop()
  }
}

async function onCluster(cluster: Cluster, flags: Flags): Promise<number> {
  const keeper = new KubeOvnKeeper(cluster, await cluster.startKubeOvn())
  await prepareCluster(cluster)
  const proxy = await startApiProxy(cluster, 'poolguard')
  const poolguard = await startPoolguard(cluster, {
    policies: writePolicies(cluster),
    replicas: flags.replicas,
    lastKubeconfig: proxy.kubeconfig,
    flags: [`--shutdown-delay=${SHUTDOWN_DELAY_SECONDS}`]
  })
  const random = randomFrom(flags.seed + 1)
  const { faultSeconds: everySeconds } = flags
  const faults = new Faults({ cluster, poolguard, proxy, random, everySeconds, say })
  const lives = startLives(cluster, flags, faults)
  const scrapes = new Scrapes(poolguard.replicas)
  const overlapping = new OverlapWatch(lives.admin)
  say(`seed ${flags.seed}; making ${flags.eips} OvnEips of ${flags.tenants} tenants`)
  await lives.fill()
  say(`told to wait meanwhile: ${JSON.stringify(Object.fromEntries(lives.book.waits))}`)
  lives.book.waits.clear()
  say(`living for ${flags.minutes} minutes`)
  const startMs = Date.now()
  const endMs = startMs + flags.minutes * 60_000
  let isOver = false
  const kept = keeper.until(() => isOver, say)
  await Promise.all([
    lives.until(endMs),
    faults.until(endMs),
    scrapes.until(endMs, SCRAPE_EVERY_MS),
    overlapping.until(endMs, LOOK_FOR_OVERLAPS_EVERY_MS),
    tell(endMs, lives, scrapes)
  ])
  say('waiting for claims to go, and for Kube-OVN to get done')
  const [left, standing] = await Promise.all([
    claimsLeft(lives.admin, lives.book.failed),
    settled(lives.admin, say)
  ])
  isOver = true
  await kept
  await overlapping.once()
  const resident = residentOver(scrapes.of(0), { startMs, endMs })
  for (const [i] of poolguard.replicas.entries()) say(memoryOf(scrapes, i))
  const { wrong, wronglyStored } = lives.book
  const surprises = [
    ...wrong.filter(({ verdict }) => verdict !== 'lost').map(one => JSON.stringify(one)),
    ...lives.empty(),
    ...faults.complaints
  ]
  const lost = wrong.filter(({ verdict }) => verdict === 'lost')
  for (const one of [...surprises, ...lost.map(call => JSON.stringify(call))].slice(0, 50)) say(one)
  for (const line of linesAbout(wrong, cluster).slice(0, 50)) say(line)
  for (const pair of overlapping.found) say(`hold an address in common: ${pair}`)
  for (const name of left) say(`a claim is left of ${name}`)
  for (const name of standing.stuck.slice(0, 20)) say(`never got an address: OvnEip ${name}`)
  const numbers = {
    seed: flags.seed,
    minutes: flags.minutes,
    replicas: flags.replicas,
    writes: writesOf(lives),
    waits: Object.fromEntries(lives.book.waits),
    outages: faults.counts,
    lostCalls: lost.length,
    wronglyStored,
    surprises: surprises.length,
    overlaps: overlapping.found.size,
    live: standing.live,
    shared: standing.shared.length,
    stuck: standing.stuck.length,
    emptiedByKubeOvn: standing.emptied.length,
    kubeOvnRestarts: keeper.restarts,
    rss: resident ?? 'no samples',
    eventLoopLagMaxMs: Math.round(scrapes.mostLagMs),
    ledger: await scrapes.ledgerCounts(),
    claimsLeft: left.length
  }
  lives.close()
  // what they would still finish in ten seconds is nobody's any more
  await Promise.all(poolguard.replicas.map(replica => replica.kill()))
  proxy.close()
  console.log(JSON.stringify(numbers))
  const wrongs = [lost, surprises, [...overlapping.found], standing.shared, standing.stuck, left]
  const isFlat = resident?.isFlat === true || flags.minutes < LEAST_MINUTES
  return isFlat && wronglyStored === 0 && wrongs.every(({ length }) => length === 0) ? 0 : 1
}

/** How far it is, now and then. */
async function tell(endMs: number, lives: Lives, scrapes: Scrapes): Promise<void> {
  while (Date.now() + TELL_EVERY_MS < endMs) {
    await new Promise(resolve => setTimeout(resolve, TELL_EVERY_MS))
    const writes = [...lives.book.counts.values()].flatMap(counts => [...counts.values()])
    const sum = writes.reduce((total, count) => total + count, 0)
    const { wrong, wronglyStored } = lives.book
    const seconds = Math.round((endMs - Date.now()) / 1_000)
    const bytes = scrapes.of(0).at(-1)?.bytes ?? 0
    say(
      `${seconds} s to go: ${sum} writes, ${wrong.length} answered wrongly, ${wronglyStored} wrongly stored; ${Math.round(bytes / 2 ** 20)} MiB`
    )
  }
}

function memoryOf(scrapes: Scrapes, replica: number): string {
  const readings = scrapes.of(replica)
  const most = readings.reduce((max, { bytes }) => Math.max(max, bytes), 0)
  const last = readings.at(-1)
  const mib = (bytes = 0): number => Math.round(bytes / 2 ** 20)
  return `replica ${replica + 1}: at most ${mib(most)} MiB, at last ${mib(last?.bytes)} MiB, ${last?.uptimeSeconds ?? 0} s after its start`
}

/** Lines of poolguard's logs about reviews that answers say could not be judged. */
function linesAbout(wrong: Lives['book']['wrong'], cluster: Cluster): readonly string[] {
  const reviews = wrong.flatMap(({ message }) => /its log has review (\S+)/.exec(message)?.[1] ?? [])
  const logs = new Set(
    cluster
      .processes()
      .filter(({ name }) => name.startsWith('poolguard'))
      .map(({ logFile }) => logFile)
  )
  const lines = [...logs].flatMap(file => readFileSync(file, 'utf8').split('\n'))
  return lines.filter(line => reviews.some(review => line.includes(review))).map(line => line.slice(0, 500))
}

/** By kind, in the order of their names, then by verdict. */
function writesOf({ book }: Lives): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const kinds = [...book.counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(kinds.map(([kind, counts]) => [kind, Object.fromEntries(counts)]))
}

/** stdout is kept for the result. */
function say(line: string): void {
  console.error(line)
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!isShuttingDown()) say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 2
}
