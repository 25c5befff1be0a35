import type { Ports } from '../admission/ports.ts'
import type { Clock } from '../cluster/clock.ts'
import { connect, type ApiServer } from '../cluster/connect.ts'
import { liveReader } from '../cluster/live-reader.ts'
import type { WatchStatus } from '../cluster/watch-health.ts'
import { startWatching, type Watcher } from '../cluster/watcher.ts'
import { Inventory } from '../inventory/inventory.ts'
import type { KindName } from '../kinds/index.ts'
import { systemClock, wallTimeMs } from './clock.ts'
import { watchedKinds } from './install/rbac.ts'
import { UnusableError, type Io } from './io.ts'
import { allRules, loadPolicies, orDefault } from './policies.ts'
import { loadInventoryFiles } from './sources.ts'

export interface WorldOptions {
  readonly policies: readonly string[]
  readonly inventory: readonly string[]
  readonly kubeconfig?: string
}

/** What a command decides on: the policies, and what is there already. */
export interface World {
  readonly ports: Ports
  readonly inventory: Inventory
  /** The watches that keep the inventory fresh; undefined when it came from files or there is none. */
  readonly watcher: Watcher | undefined
  close(): Promise<void>
}

/** A world that follows a cluster. */
export interface ClusterWorld extends World {
  readonly watcher: Watcher
  readonly api: ApiServer
  /** Calls after every change to a kind in the inventory, so it must be cheap. */
  onChange(listener: (kind: KindName) => void): void
}

export function isClusterWorld(world: World): world is ClusterWorld {
  return 'api' in world
}

/** Longest wait for the first complete list of every kind by commands that answer once. */
const FIRST_SYNC_MS = 30_000

/** Policies and inventory for a command that answers once: the cluster is listed, and must answer. */
export async function openWorld(options: WorldOptions, io: Io): Promise<World> {
  const loaded = loadPolicies(orDefault(options.policies))
  const snapshot = () => loaded
  if (options.kubeconfig === undefined) return fileWorld(snapshot, options.inventory)
  // An audit judges by custom rules the JSON of what is stored.
  const keepJsonOf = loaded.rules.flatMap(({ on, operations }) => (operations === undefined ? [] : on))
  const log = (status: WatchStatus) => reportTrouble(status, io)
  const world = clusterWorld(snapshot, options.kubeconfig, log, keepJsonOf)
  if (!(await within(FIRST_SYNC_MS, world.watcher.synced()))) {
    await world.close()
    throw new UnusableError(
      `the cluster of ${options.kubeconfig} did not answer within ${FIRST_SYNC_MS / 1000} s`
    )
  }
  return world
}

/** An inventory from files; without any no kind is known, so that absences mean nothing. */
export function fileWorld(snapshot: Ports['snapshot'], paths: readonly string[]): World {
  const inventory = paths.length === 0 ? new Inventory() : loadInventoryFiles(paths).inventory
  const ports = { snapshot, view: inventory, confirm: async () => [], now: wallTimeMs }
  return { ports, inventory, watcher: undefined, close: async () => {} }
}

/** An inventory that follows the cluster of a kubeconfig file, or `in-cluster`; of these kinds with JSON. */
export function clusterWorld(
  snapshot: Ports['snapshot'],
  kubeconfig: string,
  log: (status: WatchStatus) => void,
  keepJsonOf: readonly KindName[] = []
): ClusterWorld {
  const clock = systemClock()
  const inventory = new Inventory()
  const api = connectTo(kubeconfig, clock)
  const listeners: ((kind: KindName) => void)[] = []
  const onChange = (kind: KindName) => {
    for (const listener of listeners) listener(kind)
  }
  const kinds = watchedKinds(allRules(snapshot().exposures))
  const watcher = startWatching({ api, inventory, kinds, keepJsonOf, clock, log, onChange })
  const read = liveReader({ api, watcher, clock })
  const confirm: Ports['confirm'] = async refs => (await read(refs)).map(({ ref }) => ref)
  return {
    ports: { snapshot, view: inventory, confirm, now: wallTimeMs },
    inventory,
    watcher,
    api,
    onChange: listener => void listeners.push(listener),
    close: () => watcher.stop()
  }
}

/** Throws UnusableError when the kubeconfig cannot be used; that the API server answers is not asked yet. */
function connectTo(kubeconfig: string, clock: Clock): ApiServer {
  try {
    return connect({ kubeconfig, clock })
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : `cannot use ${kubeconfig}`)
  }
}

function reportTrouble(status: WatchStatus, io: Io): void {
  if (status.lastError !== undefined)
    io.stderr(`poolguard: ${status.kind}: ${status.state}: ${status.lastError}\n`)
}

async function within(ms: number, promise: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
