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
import { residentOver } from './resident.ts'
import { complaints, linesAbout, summary } from './result.ts'
import { Scrapes } from './scrapes.ts'
import { settled } from './standing.ts'

const SCRAPE_EVERY_MS = 2_000
const LOOK_FOR_OVERLAPS_EVERY_MS = 15_000
const TELL_EVERY_MS = 30_000
/** Of what is wrong; the rest is counted. */
const MOST_TOLD = 50

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
  const { book } = lives
  say(`seed ${flags.seed}; making ${flags.eips} OvnEips of ${flags.tenants} tenants`)
  await lives.fill()
  say(`told to wait meanwhile: ${JSON.stringify(Object.fromEntries(book.waits))}`)
  book.waits.clear()
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
  const [claims, standing] = await Promise.all([
    claimsLeft(lives.admin, book.failed),
    settled(lives.admin, say)
  ])
  isOver = true
  await kept
  await overlapping.once()
  for (const [i] of poolguard.replicas.entries()) say(memoryOf(scrapes, i))
  const resident = residentOver(scrapes.of(0), { startMs, endMs })
  const ledger = await scrapes.ledgerCounts()
  const empty = lives.empty()
  const overlaps = overlapping.found
  const found = { flags, book, faults, empty, overlaps, claims, standing, keeper, resident, scrapes, ledger }
  lives.close()
  // what they would still finish in ten seconds is nobody's any more
  await Promise.all(poolguard.replicas.map(replica => replica.kill()))
  proxy.close()
  const wrong = complaints(found)
  for (const one of [...wrong, ...linesAbout(book, cluster)].slice(0, MOST_TOLD)) say(one)
  console.log(JSON.stringify(summary(found)))
  return wrong.length === 0 ? 0 : 1
}

/** How far it is, now and then. */
async function tell(endMs: number, { book }: Lives, scrapes: Scrapes): Promise<void> {
  while (Date.now() + TELL_EVERY_MS < endMs) {
    await new Promise(resolve => setTimeout(resolve, TELL_EVERY_MS))
    const counts = [...book.counts.values()].flatMap(verdicts => [...verdicts.values()])
    const writes = counts.reduce((total, count) => total + count, 0)
    const seconds = Math.round((endMs - Date.now()) / 1_000)
    const mib = Math.round((scrapes.of(0).at(-1)?.bytes ?? 0) / 2 ** 20)
    const { wrong, wronglyStored } = book
    say(
      `${seconds} s to go: ${writes} writes, ${wrong.length} answered wrongly, ${wronglyStored} wrongly stored; ${mib} MiB`
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
