import { parseArgs } from 'node:util'

import { isShuttingDown } from './cleanup.ts'
import { startCluster } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { startPoolguard } from './poolguard.ts'
import { prepare } from './prepare.ts'

const usage = `npm run cluster -- [--without-poolguard] [--build-only]

Starts etcd, kube-apiserver, MetalLB's and Kube-OVN's controllers and poolguard on 127.0.0.1, prints a KUBECONFIG and
waits for Ctrl-C, which stops everything. The first run builds the programs: about ten minutes on two cores.
  --without-poolguard   leave poolguard out
  --build-only          build what is not built, and stop there`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'without-poolguard': { type: 'boolean' },
      'build-only': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help === true) {
    console.log(usage)
    return
  }
  if (values['build-only'] === true) {
    await prepare(say)
    return
  }
  const cluster = await startCluster({ report: say })
  try {
    await start(cluster, values['without-poolguard'] !== true)
    describe(cluster)
    await firstEnd(cluster)
  } finally {
    await cluster.stop()
  }
}

async function start(cluster: Cluster, withPoolguard: boolean): Promise<void> {
  say('starting MetalLB')
  await cluster.startMetalLB()
  say('starting Kube-OVN')
  await cluster.startKubeOvn()
  if (!withPoolguard) return
  say('starting poolguard')
  await startPoolguard(cluster)
}

function describe(cluster: Cluster): void {
  const running = cluster.processes().map(one => `  ${one.name} (process ${one.pid}), log ${one.logFile}`)
  say(['', `API server ${cluster.server}, running:`, ...running].join('\n'))
  say(`Other users: ${cluster.credentials.keys.join(', ')}; their kubeconfigs lie beside this one:\n`)
  console.log(`KUBECONFIG=${cluster.kubeconfig('admin')}`)
  say('\nCtrl-C stops everything.')
}

/** Never settles while everything runs; throws as soon as one of the programs has ended by itself. */
async function firstEnd(cluster: Cluster): Promise<never> {
  const ends = cluster
    .processes()
    .map(async one => `${one.name} ended (${await one.ended}): ${one.log().slice(-2_000)}`)
  throw new Error(await Promise.race(ends))
}

/** stdout is kept for the KUBECONFIG line. */
function say(line: string): void {
  console.error(line)
}

try {
  await main()
} catch (error) {
  if (!isShuttingDown()) say(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
