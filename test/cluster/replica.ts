import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Cluster } from './cluster.ts'
import { root } from './locations.ts'
import { freePorts } from './ports.ts'
import { probe } from './probe.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'
import { poolguardNamespace } from './users.ts'

export type ReplicaOptions = {
  /** Also names its log. */
  readonly name: string
  /** Its certificates are in certs/ there, made by `manifests`. */
  readonly folder: string
  readonly policies: string
  /** Which API server it talks to, and as whom. */
  readonly kubeconfig: string
  /** Added to `poolguard serve`. */
  readonly flags: readonly string[]
}

/** One process of poolguard, with addresses that stay the same when it is started again. */
export type Replica = {
  readonly port: number
  /** Where /readyz and /metrics answer: http://127.0.0.1:PORT. */
  readonly adminUrl: string
  /** As it runs now. */
  readonly process: RunningProcess
  /** SIGKILL; resolves once it has ended. */
  kill(): Promise<void>
  /** Starts it again after it was killed; resolves when it is ready. */
  start(): Promise<void>
  /** SIGTERM. */
  stop(): Promise<void>
}

/** What is built into dist/. */
export const bundle = join(root, 'dist/poolguard.js')

/** Starts one; resolves when it is ready. */
export async function startReplica(cluster: Cluster, options: ReplicaOptions): Promise<Replica> {
  const { name, folder, policies, kubeconfig, flags } = options
  mkdirSync(folder, { recursive: true })
  const [port = 0, adminPort = 0] = await freePorts(2)
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const command = {
    name,
    command: process.execPath,
    args: [
      '--enable-source-maps',
      bundle,
      'serve',
      `--kubeconfig=${kubeconfig}`,
      `--policies=${policies}`,
      `--listen=127.0.0.1:${port}`,
      `--admin-listen=127.0.0.1:${adminPort}`,
      `--path-secret-file=${join(folder, 'certs/path-secret')}`,
      `--ledger=${poolguardNamespace}`,
      ...flags
    ],
    cwd: folder,
    logFile: join(cluster.directory, `logs/${name}.log`)
  }
  const isReady = async (): Promise<boolean> => (await probe(`${adminUrl}/readyz`)) === 200
  const start = async (): Promise<RunningProcess> => cluster.adopt(await startReady(command, isReady))
  let running = await start()
  return {
    port,
    adminUrl,
    get process() {
      return running
    },
    kill: async () => {
      if (running.isRunning()) process.kill(running.pid, 'SIGKILL')
      await running.ended
    },
    start: async () => {
      running = await start()
    },
    stop: () => running.stop()
  }
}
