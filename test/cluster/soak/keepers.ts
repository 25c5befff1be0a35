import type { Cluster } from '../cluster.ts'
import type { RunningProcess } from '../process.ts'
import { claimed } from '../race/claims.ts'
import { overlaps, readStored } from '../race/stored.ts'
import type { Rest } from '../rest.ts'
import { CLAIM_LEFT_MS } from './writer.ts'

const LOOK_MS = 1_000

/** Starts Kube-OVN's controller again whenever it has ended, as a Deployment does: it does so when it cannot renew its lease. */
export class KubeOvnKeeper {
  restarts = 0
  private readonly cluster: Pick<Cluster, 'startKubeOvn'>
  private running: RunningProcess

  constructor(cluster: Pick<Cluster, 'startKubeOvn'>, running: RunningProcess) {
    this.cluster = cluster
    this.running = running
  }

  /** Goes on until `isOver`. */
  async until(isOver: () => boolean, say: (line: string) => void): Promise<void> {
    while (!isOver()) {
      await sleep(LOOK_MS)
      if (!this.running.isRunning()) await this.restart(say)
    }
  }

  private async restart(say: (line: string) => void): Promise<void> {
    try {
      const how = await this.running.ended
      this.running = await this.cluster.startKubeOvn()
      this.restarts += 1
      say(`Kube-OVN's controller ended (${how}) and was started again`)
    } catch (error) {
      // the API server is away
      say(`Kube-OVN's controller cannot be started yet: ${String(error).slice(0, 200)}`)
    }
  }
}

/** Pairs of stored objects that held an address in common, as they were found through a run. */
export class OverlapWatch {
  readonly found = new Set<string>()
  private readonly rest: Rest

  constructor(rest: Rest) {
    this.rest = rest
  }

  async until(endMs: number, everyMs: number): Promise<void> {
    while (Date.now() < endMs) {
      await sleep(everyMs)
      // the API server may be away
      await this.once().catch(() => {})
    }
  }

  /** The kinds are listed one beside the other: what one list still has may be gone in the next. What stays is there twice. */
  async once(): Promise<void> {
    const first = overlaps(await readStored(this.rest))
    if (first.length === 0) return
    const again = overlaps(await readStored(this.rest))
    for (const pair of first.filter(one => again.includes(one))) this.found.add(pair)
  }
}

/** Collectors of replicas without news look every two seconds. */
const COLLECTED_MS = 10_000

/**
 * Waits until the ledger has no claim, as long as it may: ten seconds, or where writes failed that may have left one, until their
 * time is up. Returns the names of the objects that still have one then.
 */
export async function claimsLeft(rest: Rest, failed: ReadonlySet<string>): Promise<readonly string[]> {
  const startMs = Date.now()
  for (;;) {
    const left = await claimed(rest)
    const mayWaitMs = left.every(name => failed.has(name)) ? CLAIM_LEFT_MS : COLLECTED_MS
    if (left.length === 0 || Date.now() - startMs > mayWaitMs) return left
    await sleep(LOOK_MS)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
