import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { metallbNamespace } from '../users.ts'

function pool(...addresses: readonly string[]): string {
  const metadata = { name: 'small-pool', namespace: metallbNamespace }
  const kind = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool' }
  return JSON.stringify({ ...kind, metadata, spec: { addresses } })
}

const ADVERTISEMENT = JSON.stringify({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'L2Advertisement',
  metadata: { name: 'all', namespace: metallbNamespace }
})

/** What kubectl says on standard error when the platform applies it; it must be allowed. */
async function applied(cluster: Cluster, object: string): Promise<string> {
  const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], { user: 'platform', input: object })
  if (code !== 0) throw new Error(stderr)
  return stderr
}

/** One address for a Service of that name, from MetalLB itself. */
async function address(cluster: Cluster, name: string): Promise<string> {
  await cluster.mustKubectl(['create', 'service', 'loadbalancer', name, '--tcp=80:80'])
  return waitUntil(`an address of ${name}`, async () => {
    const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}'
    const { stdout } = await cluster.kubectl(['get', `service/${name}`, '-o', path])
    return stdout === '' ? undefined : stdout
  })
}

await test('how full pools are, on a real cluster', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  await cluster.startMetalLB()
  const poolguard = await startPoolguard(cluster)
  const gauges = async () => (await fetch(`${poolguard.adminUrl}/metrics`)).text()

  await suite.test('a pool before its advertisement is warned of, one after it is not', async t => {
    t.match(await applied(cluster, pool('192.168.1.100-192.168.1.101')), /Warning: .*\[pool-unadvertised\]/)
    await applied(cluster, ADVERTISEMENT)
    t.notMatch(await applied(cluster, pool('192.168.1.100-192.168.1.102')), 'Warning')
  })

  await suite.test('the gauges follow what MetalLB gives out', async t => {
    await address(cluster, 'one')
    await address(cluster, 'two')
    const text = await waitUntil('two used addresses', async () => {
      const now = await gauges()
      return now.includes('poolguard_pool_addresses{pool="small-pool",state="used"} 2\n') ? now : undefined
    })
    t.match(text, 'poolguard_pool_addresses{pool="small-pool",state="free"} 1\n')
    t.match(text, 'poolguard_allocation_addresses{allocation="192.168.1.100-192.168.1.250",state="used"} 2\n')
  })

  await suite.test('less of a pool is warned of when it runs out, more of it never', async t => {
    const said = await applied(cluster, pool('192.168.1.100-192.168.1.101'))
    t.match(said, /of 2 IPv4 addresses Services hold 2 and none is free.*\[pool-unusable\]/)
    t.notMatch(await applied(cluster, pool('192.168.1.100-192.168.1.102')), 'Warning')
  })
})
