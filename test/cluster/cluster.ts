import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { startApiServer } from './apiserver.ts'
import type { ApiServer } from './apiserver.ts'
import { onShutdown, removeDirectory, trackDirectory } from './cleanup.ts'
import { createClient } from './client.ts'
import type { Client } from './client.ts'
import { requireCommand } from './command.ts'
import { installCrds } from './crds.ts'
import { startEtcd } from './etcd.ts'
import { createExternalSubnet, startKubeOvnController } from './kube-ovn.ts'
import type { OvnDatabases } from './kube-ovn.ts'
import { startMetalLBWebhook } from './metallb-webhook.ts'
import type { MetalLBWebhook } from './metallb-webhook.ts'
import { startMetalLB } from './metallb.ts'
import { createNodes } from './nodes.ts'
import { startOvnDatabase } from './ovn.ts'
import { prepare } from './prepare.ts'
import { debianProgram } from './prerequisites.ts'
import type { RunningProcess } from './process.ts'
import { installKubeOvnRbac, installMetalLBRbac, installPlatformRbac } from './rbac.ts'
import { createCredentials, users } from './users.ts'
import type { User } from './users.ts'

export type ClusterOptions = {
  /** Added to `users`, or replacing one of them, by key. */
  readonly users?: Readonly<Record<string, User>>
  /** Further flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[]
  /** Gets the lines that say what is being built; stderr when absent. */
  readonly report?: (line: string) => void
}

/** A running API server with the CRDs of MetalLB and Kube-OVN and three nodes; the controllers are started on demand. */
export type Cluster = Client & {
  readonly server: string
  /** PEM text that the API server's certificate is checked against. */
  readonly ca: string
  /** Path of a user's kubeconfig, by key of `users`. */
  kubeconfig(user: string): string
  /** Stops the API server and starts it again at the same address; its clients are not told. */
  restartApiServer(): Promise<void>
  /** Starts MetalLB's controller; again after its process was stopped. */
  startMetalLB(): Promise<RunningProcess>
  /** Starts MetalLB's own webhooks beside the API server, which does not know of them; with a limit to their calls, if any. */
  startMetalLBWebhook(callsPerSecond?: number): Promise<MetalLBWebhook>
  /** Starts Kube-OVN's controller, its databases and Subnet `external` with it the first time. */
  startKubeOvn(): Promise<RunningProcess>
  /** Runs ovn-nbctl against the northbound database, as Kube-OVN's controller sees it; throws when it fails. */
  nbctl(args: readonly string[]): Promise<string>
  /** Puts a program under the cluster's care: it is stopped with the rest, before those started earlier. */
  adopt(process: RunningProcess): RunningProcess
  /** Everything started so far, in the order of starting, including what has ended. */
  processes(): readonly RunningProcess[]
  /** Stops everything, last started first, and removes the state folder with its logs. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Builds what is not built, then starts etcd and kube-apiserver in a fresh folder under the temporary directory: about
 * ten seconds once built. When it throws, nothing is left running.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  await prepare(options.report ?? (line => console.error(line)))
  const directory = mkdtempSync(join(tmpdir(), 'poolguard-cluster-'))
  trackDirectory(directory)
  mkdirSync(join(directory, 'logs'))
  const care = takeCare(directory)
  try {
    const all = new Map<string, User>(Object.entries({ ...users, ...options.users }))
    const credentials = createCredentials(directory, all)
    const etcd = await startEtcd(directory)
    care.adopt(etcd.process)
    const flags = options.apiServerFlags ?? []
    const serving = { directory, etcdUrl: etcd.url, credentials, flags }
    const apiServer = await startApiServer(serving)
    let serverProcess = care.adopt(apiServer.process)
    const restartApiServer = async (): Promise<void> => {
      await serverProcess.stop()
      const again = await startApiServer({ ...serving, port: Number(new URL(apiServer.url).port) })
      serverProcess = care.adopt(again.process)
    }
    credentials.writeKubeconfigs(apiServer.url, apiServer.ca)
    const client = createClient(directory, credentials)
    await installCrds(client)
    await installPlatformRbac(client)
    await createNodes(client)
    return { ...assemble(client, apiServer, care), restartApiServer }
  } catch (error) {
    await care.stop()
    throw error
  }
}

type Care = Pick<Cluster, 'adopt' | 'processes' | 'stop'>

function takeCare(directory: string): Care {
  const processes: RunningProcess[] = []
  const stop = async (): Promise<void> => {
    for (const one of processes.toReversed()) await one.stop()
    forget()
    removeDirectory(directory)
  }
  const forget = onShutdown(stop)
  const adopt = (one: RunningProcess): RunningProcess => {
    processes.push(one)
    return one
  }
  return { adopt, processes: () => processes, stop }
}

function assemble(client: Client, apiServer: ApiServer, care: Care): Omit<Cluster, 'restartApiServer'> {
  let databases: OvnDatabases | undefined
  return {
    ...client,
    ...care,
    server: apiServer.url,
    ca: apiServer.ca,
    kubeconfig: user => client.credentials.kubeconfig(user),
    startMetalLB: async () => {
      await installMetalLBRbac(client)
      return care.adopt(await startMetalLB(client))
    },
    startMetalLBWebhook: async callsPerSecond => {
      await installMetalLBRbac(client)
      const webhook = await startMetalLBWebhook(client, callsPerSecond)
      care.adopt(webhook.process)
      return webhook
    },
    startKubeOvn: async () => {
      const isFirst = databases === undefined
      if (isFirst) await installKubeOvnRbac(client)
      databases ??= await startDatabases(client, care)
      const controller = care.adopt(await startKubeOvnController(client, databases))
      if (isFirst) await createExternalSubnet(client)
      return controller
    },
    nbctl: async args => {
      if (databases === undefined) throw new Error('Kube-OVN was not started')
      const { address } = databases.northbound
      return requireCommand(debianProgram('ovn-nbctl'), [`--db=${address}`, '--timeout=5', ...args])
    }
  }
}

async function startDatabases(client: Client, care: Care): Promise<OvnDatabases> {
  const northbound = await startOvnDatabase(client.directory, 'nb')
  care.adopt(northbound.process)
  const southbound = await startOvnDatabase(client.directory, 'sb')
  care.adopt(southbound.process)
  return { northbound, southbound }
}
