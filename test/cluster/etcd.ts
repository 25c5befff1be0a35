import { join } from 'node:path'

import { program } from './locations.ts'
import { freePorts } from './ports.ts'
import { probe } from './probe.ts'
import { startReady } from './process.ts'
import type { RunningProcess } from './process.ts'

export type Etcd = { readonly url: string; readonly process: RunningProcess }

/** One etcd member without fsync: its data lives as long as the cluster does. */
export async function startEtcd(directory: string): Promise<Etcd> {
  const [clientPort, peerPort] = await freePorts(2)
  const url = `http://127.0.0.1:${clientPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const options = {
    name: 'etcd',
    command: program('etcd'),
    args: [
      '--name=etcd',
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=etcd=${peerUrl}`,
      '--unsafe-no-fsync',
      '--log-level=warn'
    ],
    logFile: join(directory, 'logs/etcd.log')
  }
  const isReady = async (): Promise<boolean> => (await probe(`${url}/readyz`)) === 200
  return { url, process: await startReady(options, isReady) }
}
