import { startApiProxy, type ApiProxy } from '../api-proxy.ts'
import type { Cluster } from '../cluster.ts'
import { startPoolguard, type Poolguard } from '../poolguard.ts'
import { connectRest, type Rest } from '../rest.ts'
import { prepareContests, writePlan } from './contests.ts'

/** A cluster with replicas of poolguard behind one address; the last of them reaches the API server through a proxy. */
export type Arena = {
  readonly rest: Rest
  readonly poolguard: Poolguard
  readonly proxy: ApiProxy
  /** Takes poolguard off the cluster. */
  close(): Promise<void>
}

export type ArenaOptions = {
  readonly replicas: number
  /** Of each contest, and contenders of each, at most. */
  readonly rounds: number
  readonly writers: number
}

/** Whoever may write as anybody, over connections that stay open. */
export function connectAdmin(cluster: Cluster): Rest {
  return connectRest({ url: cluster.server, ca: cluster.ca, token: cluster.credentials.token('admin') })
}

export async function openArena(cluster: Cluster, options: ArenaOptions): Promise<Arena> {
  await prepareContests(cluster)
  const proxy = await startApiProxy(cluster, 'poolguard')
  const poolguard = await startPoolguard(cluster, {
    policies: writePlan(cluster, options),
    replicas: options.replicas,
    lastKubeconfig: proxy.kubeconfig
  })
  const rest = connectAdmin(cluster)
  return {
    rest,
    poolguard,
    proxy,
    close: async () => {
      rest.close()
      await poolguard.uninstall()
      proxy.close()
    }
  }
}
