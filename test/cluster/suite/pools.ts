import { test } from 'tap'
import type { Test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import type { CommandResult } from '../command.ts'
import { externalSubnet } from '../kube-ovn.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { documentPart, startTranscript } from '../transcript.ts'
import { metallbNamespace } from '../users.ts'

const document = 'docs/pools.md'

/** The manifest of a MetalLB object, as short as YAML allows. */
function manifest(kind: string, name: string, spec: string): string {
  return `apiVersion: metallb.io/v1beta1
kind: ${kind}
metadata: {name: ${name}, namespace: ${metallbNamespace}}
spec: {${spec}}
`
}

function pool(name: string, spec: string): string {
  return manifest('IPAddressPool', name, spec)
}

/** A field of the live Service; '' as long as there is none. */
function ofService(cluster: Cluster, path: string): Promise<string> {
  return cluster.mustKubectl(['get', 'service/test-lb', '-o', `jsonpath={${path}}`])
}

/** The provider network's objects, as an installation of Kube-OVN has them; its controller is not needed here. */
function providerNetwork(): object[] {
  const { name, cidr, gateway } = externalSubnet
  const object = (kind: string, called: string, spec: object): object => {
    return { apiVersion: 'kubeovn.io/v1', kind, metadata: { name: called }, spec }
  }
  return [
    object('ProviderNetwork', name, { defaultInterface: 'eth1' }),
    object('Vlan', 'vlan0', { id: 0, provider: name }),
    object('Subnet', name, {
      protocol: 'IPv4',
      cidrBlock: cidr,
      gateway,
      excludeIps: [gateway],
      vlan: 'vlan0'
    })
  ]
}

/** One denial of poolguard's, and in it a line of this rule that says so much. */
function isRefused(t: Test, said: CommandResult, rule: string, words: RegExp): void {
  t.equal(said.code, 1, 'kubectl fails')
  t.match(said.stderr, /admission webhook "[a-z-]+\.poolguard\.io" denied the request/)
  const line = said.stderr.split('\n').find(one => one.includes(`[${rule}]`)) ?? said.stderr
  t.match(line, words, rule)
}

function passes(t: Test, said: CommandResult): void {
  t.equal(said.code, 0, said.stderr)
  t.equal(said.stderr, '', 'without a warning')
}

await test('pools and advertisements on a real cluster', async suite => {
  const cleaner = {
    name: 'system:serviceaccount:kube-system:namespace-controller',
    groups: ['system:masters', 'system:authenticated']
  }
  const cluster = await startCluster({ users: { cleaner } })
  suite.teardown(() => cluster.stop())
  await cluster.startMetalLB()
  const poolguard = await startPoolguard(cluster)
  await cluster.apply(providerNetwork())
  await createNode(cluster, 'node4', '192.168.1.215')
  const files = [
    pool('default-pool', 'addresses: [192.168.1.100-192.168.1.200]'),
    manifest('L2Advertisement', 'default-l2-adv', 'ipAddressPools: [default-pool]'),
    manifest('BGPAdvertisement', 'bgp-adv', 'ipAddressPools: [bgp-pool]'),
    pool('bgp-pool', 'addresses: [10.20.0.64/26], autoAssign: false')
  ]
  await cluster.mustKubectl(['apply', '-f', '-'], { user: 'platform', input: files.join('---\n') })
  await cluster.mustKubectl(['create', 'service', 'loadbalancer', 'test-lb', '--tcp=80:80'])
  const ingress = '.status.loadBalancer.ingress[0].ip'
  await waitUntil('an address', () => ofService(cluster, ingress))
  const version = await ofService(cluster, '.metadata.resourceVersion')

  const shown = startTranscript(cluster)
  /** Writes a manifest, hands it to kubectl, and shows both. */
  const write = (verb: string, part: string, name: string, text: string): Promise<CommandResult> => {
    shown.file(part, `${name}.yaml`, text)
    return shown.kubectl(part, `${verb} -f ${name}.yaml`)
  }
  const apply = (part: string, name: string, text: string) => write('apply', part, name, text)

  await suite.test('a pool is not deleted while a Service has an address of it', async t => {
    await shown.kubectl(
      'delete',
      `get service test-lb -o custom-columns=NAME:.metadata.name,ADDRESS:${ingress}`
    )
    const said = await shown.kubectl('delete', `delete ipaddresspool default-pool -n ${metallbNamespace}`)
    isRefused(t, said, 'pool-in-use', /default-pool .*Service default\/test-lb \(192\.168\.1\.100\)/)
    const all = await cluster.kubectl(
      ['delete', 'ipaddresspools', '--all', '-n', metallbNamespace, '--dry-run=server'],
      {
        user: 'platform'
      }
    )
    isRefused(t, all, 'pool-in-use', /Service default\/test-lb/)
  })

  await suite.test('nor shrunk under it; what nobody uses may go', async t => {
    const shrunk = pool('default-pool', 'addresses: [192.168.1.150-192.168.1.200]')
    const said = await write('replace', 'shrink', 'shrunk', shrunk)
    isRefused(t, said, 'pool-in-use', /spec\.addresses .*Service default\/test-lb \(192\.168\.1\.100\)/)
    passes(
      t,
      await write(
        'replace',
        'unused',
        'smaller',
        pool('default-pool', 'addresses: [192.168.1.100-192.168.1.180]')
      )
    )
  })

  await suite.test("a pool over a node's address is refused", async t => {
    const said = await apply('node', 'pool-b', pool('pool-b', 'addresses: [192.168.1.210-192.168.1.219]'))
    isRefused(
      t,
      said,
      'pool-node-address',
      /192\.168\.1\.210-192\.168\.1\.219 .*Node node4.*192\.168\.1\.215/
    )
  })

  await suite.test('a pool over the Service addresses is refused', async t => {
    const said = await apply('services', 'pool-c', pool('pool-c', 'addresses: [10.96.8.0/24]'))
    isRefused(t, said, 'pool-cluster-range', /10\.96\.8\.0\/24 .*ServiceCIDR kubernetes/)
  })

  await suite.test('a pool over an OVN provider Subnet is refused', async t => {
    const said = await apply('provider', 'pool-d', pool('pool-d', 'addresses: [203.0.113.64/27]'))
    isRefused(t, said, 'pool-provider-network', /203\.0\.113\.64\/27 .*Subnet external/)
  })

  await suite.test('a pool outside of what the network team handed over is refused', async t => {
    const said = await apply('unallocated', 'pool-e', pool('pool-e', 'addresses: [192.168.1.251/32]'))
    isRefused(
      t,
      said,
      'pool-unallocated',
      /192\.168\.1\.251\/32 .*allocations.*192\.168\.1\.100-192\.168\.1\.250/
    )
  })

  await suite.test('a ServiceCIDR that comes to cover a pool is refused', async t => {
    const cidr = `apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata: {name: more-services}
spec: {cidrs: [10.20.0.0/24]}
`
    const said = await apply('service-cidr', 'more-services', cidr)
    isRefused(t, said, 'pool-cluster-range', /10\.20\.0\.0\/24 .*IPAddressPool kmetal-metallb\/bgp-pool/)
  })

  await suite.test("an L2Advertisement of a pool that is not in the nodes' subnet is refused", async t => {
    const text = manifest('L2Advertisement', 'everything', 'ipAddressPools: [default-pool, bgp-pool]')
    const said = await apply('off-subnet', 'everything', text)
    isRefused(t, said, 'advertisement-off-subnet', /kmetal-metallb\/bgp-pool/)
  })

  await suite.test('one of a pool that does not exist yet is stored, with a warning', async t => {
    const text = manifest('L2Advertisement', 'later', 'ipAddressPools: [default-pol]')
    const said = await apply('not-yet', 'later', text)
    t.equal(said.code, 0, said.stderr)
    t.match(said.stderr, /^Warning: .*default-pol.*default-pool.*\[advertisement-unknown-pool\]/m)
  })

  await suite.test('meanwhile the live Service kept its address: nobody wrote it at all', async t => {
    t.equal(await ofService(cluster, ingress), '192.168.1.100')
    t.equal(await ofService(cluster, '.metadata.resourceVersion'), version)
  })

  await suite.test('a pool is free to go once its Services have been moved', async t => {
    passes(t, await shown.kubectl('move', 'annotate service test-lb metallb.io/address-pool=bgp-pool'))
    await waitUntil('the move', async () => (await ofService(cluster, ingress)).startsWith('10.20.'))
    await shown.kubectl(
      'move',
      `get service test-lb -o custom-columns=NAME:.metadata.name,ADDRESS:${ingress}`
    )
    const said = await shown.kubectl('move', `delete ipaddresspool default-pool -n ${metallbNamespace}`)
    t.equal(said.code, 0, said.stderr)
  })

  await suite.test('the documentation shows all of this as it is', async t => {
    for (const part of shown.parts) {
      t.equal(documentPart(document, `transcript ${part}`, shown.part(part)), shown.part(part), part)
    }
  })

  await suite.test('while poolguard is down pools can be deleted, and nothing new comes in', async t => {
    await poolguard.stop()
    const input = pool('bgp-pool-2', 'addresses: [10.20.0.128/26]')
    const refused = await cluster.kubectl(['apply', '-f', '-'], { user: 'platform', input })
    t.match(refused.stderr, /failed calling webhook "addresses\.poolguard\.io"/)
    const args = ['delete', 'ipaddresspool', 'bgp-pool', '-n', metallbNamespace]
    t.equal((await cluster.kubectl(args, { user: 'platform' })).code, 0)
  })

  await suite.test('a namespace can be deleted with everything in it', async t => {
    await startPoolguard(cluster)
    const input = pool('bgp-pool', 'addresses: [10.20.0.64/26]')
    await cluster.mustKubectl(['apply', '-f', '-'], { user: 'platform', input })
    await waitUntil('an address', async () => (await ofService(cluster, ingress)).startsWith('10.20.'))
    const one = await cluster.kubectl(['delete', 'ipaddresspool', 'bgp-pool', '-n', metallbNamespace])
    isRefused(t, one, 'pool-in-use', /Service default\/test-lb/)

    await cluster.mustKubectl(['delete', 'namespace', metallbNamespace, '--wait=false'], { user: 'platform' })
    const everything = 'ipaddresspools,l2advertisements,bgpadvertisements'
    const asController = ['delete', everything, '--all', '-n', metallbNamespace]
    const said = await cluster.kubectl(asController, { user: 'cleaner' })
    t.equal(said.code, 0, said.stderr)
    t.match(said.stdout, /"bgp-pool" deleted/)
  })
})

async function createNode(cluster: Cluster, name: string, address: string): Promise<void> {
  await cluster.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name } }])
  const status = { addresses: [{ type: 'InternalIP', address }] }
  await cluster.mustKubectl([
    'patch',
    `node/${name}`,
    '--subresource=status',
    '-p',
    JSON.stringify({ status })
  ])
}
