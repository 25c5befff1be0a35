import { test } from 'tap'
import type { Test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { externalSubnet } from '../kube-ovn.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { documentPart, startTranscript } from '../transcript.ts'
import type { Said } from '../transcript.ts'
import { metallbNamespace } from '../users.ts'

const document = 'docs/pools.md'

/** The pools that are refused one after the other. */
const laterPools = ['pool-b', 'pool-c', 'pool-d', 'pool-e']

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
function isRefused(t: Test, { code, output }: Said, rule: string, words: RegExp): void {
  t.equal(code, 1, 'kubectl fails')
  t.match(output, /admission webhook "[a-z-]+\.poolguard\.io" denied the request/)
  const line = output.split('\n').find(one => one.includes(`[${rule}]`)) ?? output
  t.match(line, words, rule)
}

/** Done, and nothing said against it. */
function passes(t: Test, { code, output }: Said): void {
  t.equal(code, 0, output)
  t.notMatch(output, /Warning/)
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
  const files = [
    pool('default-pool', 'addresses: [192.168.1.100-192.168.1.200]'),
    // the later pools too, which would get a warning that nobody announces them
    manifest('L2Advertisement', 'default-l2-adv', `ipAddressPools: [default-pool, ${laterPools.join(', ')}]`),
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
  const write = (verb: string, part: string, name: string, text: string): Promise<Said> => {
    shown.file(part, `${name}.yaml`, text)
    return shown.kubectl(part, `${verb} -f ${name}.yaml`)
  }
  const apply = (part: string, name: string, text: string) => write('apply', part, name, text)

  const as = async (user: string, args: string): Promise<Said> => {
    const { code, stdout: output } = await cluster.kubectl(args.split(' '), { user, isTerminal: true })
    return { code, output }
  }

  await suite.test('the README shows a refusal as it is', async t => {
    shown.file(undefined, 'pool-b.yaml', pool('pool-b', 'addresses: [192.168.1.150-192.168.1.250]'))
    isRefused(t, await shown.kubectl('README', 'apply -f pool-b.yaml'), 'pool-overlap', /default-pool/)
    const text = shown.part('README')
    t.equal(documentPart('README.md', 'transcript', text), text)
  })
  await createNode(cluster, 'node4', '192.168.1.215')

  await suite.test('a pool is not deleted while a Service has an address of it', async t => {
    await shown.kubectl(
      'delete',
      `get service test-lb -o custom-columns=NAME:.metadata.name,ADDRESS:${ingress}`
    )
    const said = await shown.kubectl('delete', `delete ipaddresspool default-pool -n ${metallbNamespace}`)
    isRefused(t, said, 'pool-in-use', /default-pool .*Service default\/test-lb \(192\.168\.1\.100\)/)
    const all = `delete ipaddresspools --all -n ${metallbNamespace} --dry-run=server`
    isRefused(t, await as('platform', all), 'pool-in-use', /Service default\/test-lb/)
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
    t.equal(said.code, 0, said.output)
    t.match(said.output, /^Warning: .*default-pol.*default-pool.*\[advertisement-unknown-pool\]/m)
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
    t.equal(said.code, 0, said.output)
  })

  await suite.test('the documentation shows all of this as it is', async t => {
    for (const part of shown.parts.filter(name => name !== 'README')) {
      t.equal(documentPart(document, `transcript ${part}`, shown.part(part)), shown.part(part), part)
    }
  })

  await suite.test('while poolguard is down pools can be deleted, and nothing new comes in', async t => {
    await poolguard.stop()
    const input = pool('bgp-pool-2', 'addresses: [10.20.0.128/26]')
    const refused = await cluster.kubectl(['apply', '-f', '-'], { user: 'platform', input })
    t.match(refused.stderr, /failed calling webhook "addresses\.poolguard\.io"/)
    passes(t, await as('platform', `delete ipaddresspool bgp-pool -n ${metallbNamespace}`))
  })

  await suite.test('a namespace can be deleted with everything in it', async t => {
    await startPoolguard(cluster)
    const input = pool('bgp-pool', 'addresses: [10.20.0.64/26]')
    await cluster.mustKubectl(['apply', '-f', '-'], { user: 'platform', input })
    await waitUntil('an address', async () => (await ofService(cluster, ingress)).startsWith('10.20.'))
    const one = `delete ipaddresspool bgp-pool -n ${metallbNamespace}`
    isRefused(t, await as('platform', one), 'pool-in-use', /Service default\/test-lb/)

    passes(t, await as('platform', `delete namespace ${metallbNamespace} --wait=false`))
    const everything = 'ipaddresspools,l2advertisements,bgpadvertisements'
    const said = await as('cleaner', `delete ${everything} --all -n ${metallbNamespace} --dry-run=server`)
    passes(t, said)
    t.match(said.output, /"bgp-pool" deleted/)
    // whoever else helps out, once poolguard has seen the namespace go
    await waitUntil('the deletion', async () => (await as('platform', one)).code === 0)
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
