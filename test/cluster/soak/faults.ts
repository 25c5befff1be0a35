import type { ApiProxy } from '../api-proxy.ts'
import type { Cluster } from '../cluster.ts'
import type { Random } from '../differential/random.ts'
import type { Poolguard } from '../poolguard.ts'
import type { Replica } from '../replica.ts'
import { NOTICED_MS, RECOVERED_MS, type Excuse, type Silence } from './excuses.ts'

/**
 * - `kill`: SIGKILL to one replica, never the first; started again up to three seconds later.
 * - `terminate`: SIGTERM to one, never the first; started again once it has ended.
 * - `silence`: the watches of the last replica say nothing for up to ten seconds.
 * - `restart`: the API server is stopped and started again.
 */
export const FAULTS = ['kill', 'terminate', 'silence', 'restart'] as const
export type Fault = (typeof FAULTS)[number]

export type FaultsOptions = {
  readonly cluster: Pick<Cluster, 'restartApiServer'>
  readonly poolguard: Poolguard
  readonly proxy: Pick<ApiProxy, 'pauseWatches' | 'resumeWatches'>
  readonly random: Random
  /** On average; 0 for never. */
  readonly everySeconds: number
  readonly say: (line: string) => void
}

/** Longest time between the end of a killed process and the start of the next. */
const MOST_AWAY_MS = 3_000
/** From SIGTERM until no new connection goes to a replica: what an endpoint takes to vanish, less than SHUTDOWN_DELAY_SECONDS. */
const MOST_LISTED_MS = 2_000
/** As the Deployment has it (cli/install/workload.ts). */
export const SHUTDOWN_DELAY_SECONDS = 10
/** That, ten seconds for what is in flight (server/listen.ts), and five of slack. */
const GRACE_MS = (SHUTDOWN_DELAY_SECONDS + 10 + 5) * 1_000
const MOST_SILENT_MS = 10_000
/** Longest time until watches are opened again once the API server is back: the longest wait between two attempts (cluster/timings.ts). */
const WATCHES_BACK_MS = 30_000

/** Does harm to the cluster now and then, one thing at a time, every kind once before any comes again. */
export class Faults {
  readonly counts: Record<Fault, number> = { kill: 0, terminate: 0, silence: 0, restart: 0 }
  readonly excuses: Excuse[] = []
  readonly silences: Silence[] = []
  /** What went wrong with a fault itself, one sentence each. */
  readonly complaints: string[] = []
  private readonly options: FaultsOptions
  private bag: Fault[] = []

  constructor(options: FaultsOptions) {
    this.options = options
  }

  /** Goes on until then; resolves when all is as it was. */
  async until(endMs: number): Promise<void> {
    const { random, everySeconds, say } = this.options
    if (everySeconds === 0) return
    for (;;) {
      const waitMs = (everySeconds * 1_000) / 2 + random.int(everySeconds * 1_000)
      if (Date.now() + waitMs > endMs) return
      await sleep(waitMs)
      const fault = this.draw()
      this.counts[fault] += 1
      const startedMs = Date.now()
      const what = await this[fault]()
      say(`${new Date(startedMs).toISOString()} ${what}, ${Date.now() - startedMs} ms in all`)
    }
  }

  private draw(): Fault {
    const { random, poolguard } = this.options
    // one replica alone is never killed
    const kinds = FAULTS.filter(
      kind => poolguard.replicas.length > 1 || kind === 'silence' || kind === 'restart'
    )
    if (this.bag.length === 0) this.bag = [...kinds]
    const fault = random.pick(this.bag)
    this.bag = this.bag.filter(kind => kind !== fault)
    return fault
  }

  private async kill(): Promise<string> {
    const { poolguard, random } = this.options
    const victim = this.victim()
    poolguard.connectTo(others(poolguard, victim))
    const excuse: Excuse = { of: 'replica', fromMs: Date.now(), untilMs: Infinity }
    this.excuses.push(excuse)
    await victim.kill()
    excuse.untilMs = Date.now() + NOTICED_MS
    await sleep(random.int(MOST_AWAY_MS))
    await victim.start()
    poolguard.connectTo(poolguard.replicas)
    return `killed replica ${poolguard.replicas.indexOf(victim) + 1}`
  }

  private async terminate(): Promise<string> {
    const { poolguard, random } = this.options
    const victim = this.victim()
    const stopped = victim.process.stop(GRACE_MS)
    await sleep(random.int(MOST_LISTED_MS))
    poolguard.connectTo(others(poolguard, victim))
    await stopped
    const number = poolguard.replicas.indexOf(victim) + 1
    const end = await victim.process.ended
    if (end !== 'exit code 0') this.complaints.push(`replica ${number} ended with ${end} after SIGTERM`)
    await victim.start()
    poolguard.connectTo(poolguard.replicas)
    return `terminated replica ${number}`
  }

  private async silence(): Promise<string> {
    const { proxy, random } = this.options
    const silence: Silence = { fromMs: Date.now(), untilMs: Infinity }
    this.silences.push(silence)
    proxy.pauseWatches()
    await sleep(1_000 + random.int(MOST_SILENT_MS - 1_000))
    const silent = proxy.resumeWatches()
    silence.untilMs = Date.now()
    return `silenced ${silent} watches of the last replica`
  }

  private async restart(): Promise<string> {
    const fromMs = Date.now()
    const excuse: Excuse = { of: 'API server', fromMs, untilMs: Infinity }
    const silence: Silence = { fromMs, untilMs: Infinity }
    this.excuses.push(excuse)
    this.silences.push(silence)
    await this.options.cluster.restartApiServer()
    excuse.untilMs = Date.now() + RECOVERED_MS
    silence.untilMs = Date.now() + WATCHES_BACK_MS
    return 'restarted the API server'
  }

  private victim(): Replica {
    const { poolguard, random } = this.options
    return random.pick(poolguard.replicas.slice(1))
  }
}

function others({ replicas }: Poolguard, victim: Replica): readonly Replica[] {
  return replicas.filter(one => one !== victim)
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
