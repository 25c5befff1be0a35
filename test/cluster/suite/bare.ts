import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { externalSubnet } from '../kube-ovn.ts'
import { processesOf } from '../leftovers.ts'
import { waitUntil } from '../process.ts'
import type { RunningProcess } from '../process.ts'
import { metallbNamespace } from '../users.ts'

/** Longer than Kube-OVN takes for an OvnEip that it can serve, several times over. */
const quietMs = 4_000

function pool(name: string, addresses: readonly string[]): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace: metallbNamespace },
    spec: { addresses }
  }
}

function ovnEip(name: string, spec: object): object {
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', metadata: { name }, spec }
}

/** A field once it is there. */
function field(cluster: Cluster, object: string, path: string): Promise<string> {
  return waitUntil(`${path} of ${object}`, async () => {
    const { stdout } = await cluster.kubectl(['get', object, '-o', `jsonpath={${path}}`])
    return stdout === '' ? undefined : stdout
  })
}

function forbiddenLines(controller: RunningProcess): string[] {
  return controller
    .log()
    .split('\n')
    .filter(line => /forbidden/i.test(line))
}

await test('a cluster without poolguard runs MetalLB and Kube-OVN under their own names', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const metallb = await cluster.startMetalLB()
  const kubeOvn = await cluster.startKubeOvn()

  await suite.test('MetalLB gives a Service the first address of the pool', async t => {
    await cluster.apply([pool('default-pool', ['192.168.1.100-192.168.1.200'])])
    await cluster.mustKubectl(['create', 'service', 'loadbalancer', 'test-lb', '--tcp=80:80'])
    t.equal(await field(cluster, 'service/test-lb', '.status.loadBalancer.ingress[0].ip'), '192.168.1.100')
  })

  await suite.test('Kube-OVN gives an OvnEip an address of its Subnet', async t => {
    await cluster.apply([ovnEip('inside', { externalSubnet: externalSubnet.name, type: 'nat' })])
    t.match(await field(cluster, 'ovn-eip/inside', '.status.v4Ip'), /^203\.0\.113\.\d+$/)
  })

  await suite.test('an OvnEip outside its Subnet is stored and stays without a status', async t => {
    const spec = { externalSubnet: externalSubnet.name, type: 'nat', v4Ip: '198.51.100.7' }
    await cluster.apply([ovnEip('outside', spec)])
    await new Promise(resolve => setTimeout(resolve, quietMs))
    const stored = await cluster.mustKubectl([
      'get',
      'ovn-eip/outside',
      '-o',
      'jsonpath={.spec.v4Ip}{.status}'
    ])
    t.equal(stored, '198.51.100.7')
  })

  await suite.test('a tenant has no rights that nobody gave', async t => {
    const { code, stderr } = await cluster.kubectl(['get', 'nodes'], { user: 'alice' })
    t.equal(code, 1)
    t.match(stderr, /User "alice" cannot list resource "nodes"/)
  })

  await suite.test('Kube-OVN can be stopped and started again', async t => {
    await kubeOvn.stop()
    await cluster.startKubeOvn()
    await cluster.apply([ovnEip('later', { externalSubnet: externalSubnet.name, type: 'nat' })])
    t.match(await field(cluster, 'ovn-eip/later', '.status.v4Ip'), /^203\.0\.113\.\d+$/)
  })

  suite.strictSame(forbiddenLines(metallb), [])
  suite.strictSame(
    cluster
      .processes()
      .filter(one => one.name === kubeOvn.name)
      .flatMap(forbiddenLines),
    []
  )
  suite.not(processesOf(cluster.directory).length, 0, 'the search for processes finds them while they run')
  await cluster.stop()
  suite.strictSame(processesOf(cluster.directory), [])
})
