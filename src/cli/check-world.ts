import type { JsonObject } from '../admission/apply.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import { errorOf, toClusterError } from '../cluster/cluster-error.ts'
import { connect, type ApiServer } from '../cluster/connect.ts'
import { servedVersion } from '../cluster/discovery.ts'
import { objectPath } from '../cluster/resource-path.ts'
import { Inventory } from '../inventory/inventory.ts'
import type { View } from '../inventory/view.ts'
import { isRecord } from '../kinds/decode.ts'
import { isKindName, type KindName } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { systemClock } from './clock.ts'
import { UnusableError, type Io } from './io.ts'
import { loadPolicies, orDefault } from './policies.ts'
import { loadInventoryFiles } from './sources.ts'
import { openWorld, type WorldOptions } from './world.ts'

/** What manifests are checked against: the policies, and what is there already. */
export interface CheckWorld {
  readonly snapshot: PolicySnapshot
  /** No kind is known in it when neither files nor a cluster were given. */
  readonly view: View
  /** An object as it is stored; undefined when there is none. Throws UnusableError when nobody can tell. */
  stored(ref: ObjectRef): Promise<JsonObject | undefined>
  close(): Promise<void>
}

/** Longest wait for one stored object; the API server itself gives up after 60 s. */
const READ_MS = 10_000

/** Reads the policies and what is there. Throws UnusableError when something cannot be read. */
export async function openCheckWorld(options: WorldOptions, io: Io): Promise<CheckWorld> {
  const { policies, inventory, kubeconfig } = options
  if (kubeconfig !== undefined) {
    if (inventory.length > 0) throw new UnusableError('--inventory and --kubeconfig exclude each other')
    return clusterWorld({ ...options, kubeconfig }, io)
  }
  const snapshot = loadPolicies(orDefault(policies))
  const files =
    inventory.length > 0
      ? loadInventoryFiles(inventory)
      : { inventory: new Inventory(), stored: new Map<string, JsonObject>(), places: new Map() }
  return {
    snapshot,
    view: files.inventory,
    stored: async ref => files.stored.get(refKey(ref)),
    close: async () => {}
  }
}

/** The cluster is listed once for what rules read; objects to be applied are read one by one, as the API server has them. */
async function clusterWorld(
  options: WorldOptions & { readonly kubeconfig: string },
  io: Io
): Promise<CheckWorld> {
  const world = await openWorld(options, io)
  const api = connect({ kubeconfig: options.kubeconfig, clock: systemClock() })
  const versions = new Map<KindName, Promise<string | undefined>>()
  const versionOf = (kind: KindName) => {
    const version = versions.get(kind) ?? servedVersion(api, kind, { timeoutMs: READ_MS })
    versions.set(kind, version)
    return version
  }
  return {
    snapshot: world.ports.snapshot(),
    view: world.inventory,
    async stored(ref) {
      try {
        return isKindName(ref.kind) ? await readStored(api, ref, await versionOf(ref.kind)) : undefined
      } catch (error) {
        throw new UnusableError(`cannot read ${refKey(ref)}: ${toClusterError(error).message}`)
      }
    },
    async close() {
      api.close()
      await world.close()
    }
  }
}

/** undefined when the kind is not served, when no object can have that name, and when there is none. */
async function readStored(
  api: ApiServer,
  ref: ObjectRef,
  version: string | undefined
): Promise<JsonObject | undefined> {
  const path = isKindName(ref.kind) && version !== undefined ? objectPath(ref.kind, version, ref) : undefined
  if (path === undefined) return undefined
  const response = await api.request({ path, timeoutMs: READ_MS })
  if (response.status === 404) return undefined
  if (response.status !== 200 || !isRecord(response.json)) throw errorOf(response)
  return response.json
}
