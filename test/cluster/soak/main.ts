import { parseArgs } from 'node:util'

import { isShuttingDown } from '../cleanup.ts'
import { startCluster } from '../cluster.ts'
import { randomFrom } from '../differential/random.ts'
import { startPoolguard } from '../poolguard.ts'
import { connectRest } from '../rest.ts'
import { Outages } from './outages.ts'
import { EipLife, standingOf, type Standing } from './eip-life.ts'
import { CPO, prepareSubnet, staticAddresses, writePlan } from './plan.ts'

const usage = `npm run soak -- [--minutes 5] [--tenants 200] [--eips 2000] [--rate 60] [--faults 0] [--seed N]

A day in the life of OvnEips on a real cluster, with Kube-OVN's own controller: creates, changes and deletes them at random
through the API server, for that long after the first ones are there, so many a second. Prints one line of JSON last. Exit code 1 when two live
OvnEips share an address, one stays without an address, an allowed write is refused or a bad one is not.
With --faults 30 poolguard is killed (SIGKILL) every 30 seconds or so, at random, and started again up to three seconds later: what fails
then because nobody answered is counted and no surprise, what is allowed then wrongly is.`

/** Writes on their way at any time. */
const WORKERS = 8

/** Kube-OVN must get on with at least one OvnEip in this time, or what is left waits for ever. */
const PATIENCE_MS = 60_000

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      tenants: { type: 'string', default: '200' },
      eips: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '60' },
      faults: { type: 'string', default: '0' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const texts = [values.minutes, values.tenants, values.eips, values.rate, values.seed, values.faults]
  const [minutes, tenants, eips, rate, seed, faultSeconds = 0] = texts.map(Number)
  if (!(minutes && tenants && eips && rate) || seed === undefined || Number.isNaN(seed))
    throw new Error(usage)
  const cluster = await startCluster({ users: { cpo: CPO }, report: say })
  try {
    await cluster.startKubeOvn()
    await prepareSubnet(cluster)
    const poolguard = await startPoolguard(cluster, { policies: writePlan(cluster) })
    const outages = new Outages(poolguard, randomFrom(seed + 1), faultSeconds)
    const rest = connectRest({ url: cluster.server, ca: cluster.ca, token: cluster.credentials.token('cpo') })
    const life = new EipLife({
      rest,
      random: randomFrom(seed),
      tenants,
      eips,
      statics: staticAddresses(),
      wasAwaySince: ms => outages.lastsUntilMs >= ms
    })
    say(`seed ${seed}; making ${eips} OvnEips of ${tenants} tenants`)
    await work(life, () => life.size >= eips)
    say(`living for ${minutes} minutes`)
    const endMs = Date.now() + minutes * 60_000
    await Promise.all([work(life, () => Date.now() > endMs, rate), outages.until(endMs)])
    say('waiting for Kube-OVN to get done')
    const standing = await settled(() => standingOf(rest))
    rest.close()
    const { counts, surprises } = life.tally
    for (const one of surprises.slice(0, 20)) say(JSON.stringify(one))
    const numbers = {
      seed,
      minutes,
      outages: outages.count,
      writes: Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      surprises: surprises.length,
      live: standing.live,
      shared: standing.shared.length,
      stuck: standing.stuck.length,
      emptiedByKubeOvn: standing.emptied.length
    }
    console.log(JSON.stringify(numbers))
    return surprises.length + standing.shared.length + standing.stuck.length > 0 ? 1 : 0
  } finally {
    await cluster.stop()
  }
}

/** Steps one after the other in several workers at once; no more than `rate` a second. */
async function work(life: EipLife, isOver: () => boolean, rate = Infinity): Promise<void> {
  const pauseMs = (WORKERS / rate) * 1_000
  const worker = async (): Promise<void> => {
    while (!isOver()) {
      const pause = new Promise(resolve => setTimeout(resolve, pauseMs))
      await life.step()
      await pause
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
}

/** How things stand once nobody waits any more, or nothing moves. */
async function settled(read: () => Promise<Standing>): Promise<Standing> {
  let least = Infinity
  let changedMs = Date.now()
  for (;;) {
    const standing = await read()
    const { length } = standing.stuck
    if (length < least) changedMs = Date.now()
    least = Math.min(least, length)
    if (length === 0 || Date.now() - changedMs > PATIENCE_MS) return standing
    say(`${length} of ${standing.live} wait for an address`)
    await new Promise(resolve => setTimeout(resolve, 2_000))
  }
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
