import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { complaints } from '../logs.ts'
import { root } from '../locations.ts'
import { eip, served } from '../ovn-eips.ts'
import { startPoolguard } from '../poolguard.ts'
import type { Poolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import type { RunningProcess } from '../process.ts'
import { grantNamespace, namespace } from '../rbac.ts'
import { metallbNamespace } from '../users.ts'

/** Several of Kube-OVN's retries. */
const SETTLE_MS = 6_000

const examples = join(root, 'manifests/examples')

function pool(name: string, addresses: readonly string[], spec: object = {}): object {
  const metadata = { name, namespace: metallbNamespace }
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec: { addresses, ...spec } }
}

function l2Advertisement(name: string, pools: readonly string[]): object {
  const metadata = { name, namespace: metallbNamespace }
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata,
    spec: { ipAddressPools: pools }
  }
}

function ovnEip(name: string, spec: object): object {
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', metadata: { name }, spec }
}

function vpc(name: string, spec: object): object {
  return { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec }
}

/** A field once it is there. */
function field(cluster: Cluster, object: string, path: string, ns = 'default'): Promise<string> {
  return waitUntil(`${path} of ${object}`, async () => {
    const { stdout } = await cluster.kubectl(['get', '-n', ns, object, '-o', `jsonpath={${path}}`])
    return stdout === '' ? undefined : stdout
  })
}

/** What kubectl says when it creates the object: '' when it was allowed. */
async function refusal(cluster: Cluster, object: object, user = 'platform'): Promise<string> {
  const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], {
    user,
    input: JSON.stringify(object)
  })
  return code === 0 ? '' : stderr
}

/** The work both controllers do for a guide's user: an address for a Service, one for an OvnEip, a router's port. */
async function exercise(cluster: Cluster, ns: string): Promise<void> {
  await cluster.apply([
    pool('default-pool', ['192.168.1.100-192.168.1.200']),
    l2Advertisement('default-l2-adv', ['default-pool'])
  ])
  await cluster.mustKubectl(['create', '-n', ns, 'service', 'loadbalancer', 'exercise', '--tcp=80:80'])
  await field(cluster, 'service/exercise', '.status.loadBalancer.ingress[0].ip', ns)
  await cluster.apply([
    ovnEip(`exercise-${ns}`, { externalSubnet: 'external' }),
    vpc(`exercise-${ns}`, { enableExternal: true })
  ])
  await field(cluster, `ovn-eip/exercise-${ns}`, '.status.v4Ip')
  // the router's own port: an OvnEip of type lrp that Kube-OVN writes itself
  await field(cluster, `ovn-eip/exercise-${ns}-external`, '.status.v4Ip')
}

/**
 * Both controllers write the same Service, so now and then one meets the other's write and tries again: timing, with or
 * without poolguard. MetalLB says so in a second, general line.
 */
const CONFLICT = /the object has been modified|event handling failed, retrying|object has no meta/

/** What the controllers complain of, the names of the two exercises made alike. */
function complaintsOf(processes: readonly RunningProcess[]): Set<string> {
  const lines = processes.flatMap(one => [...complaints(one.log())])
  const alike = lines.map(line => line.replaceAll(/exercise-(default|tenant-acme)/g, 'exercise-NAMESPACE'))
  return new Set(alike.filter(line => !CONFLICT.test(line)))
}

await test('the guide on a real cluster', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const controllers = [await cluster.startMetalLB(), await cluster.startKubeOvn()]
  await cluster.apply([
    namespace('tenant-acme', { tenant: 'acme' }),
    namespace('tenant-beta', { tenant: 'beta' })
  ])
  await grantNamespace(cluster, 'tenant-acme', 'acme-admins')

  await exercise(cluster, 'default')
  await cluster.mustKubectl([
    'delete',
    'service/exercise',
    'ovn-eip/exercise-default',
    'vpc/exercise-default',
    '--wait=false'
  ])
  await cluster.mustKubectl(['delete', '-n', metallbNamespace, 'ipaddresspools,l2advertisements', '--all'])
  // Kube-OVN goes on trying to connect the router, in vain without gateway nodes, and complains while it is deleted.
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  const before = complaintsOf(controllers)
  await suite.test('what is installed is valid to the API server, field by field', async t => {
    await cluster.apply([namespace('poolguard')])
    for (const name of ['deployment', 'rbac', 'policies', 'webhooks']) {
      const file = join(root, `manifests/${name}.yaml`)
      const args = ['apply', '--dry-run=server', '--validate=strict', '-f', file]
      const { code, stderr } = await cluster.kubectl(args)
      t.equal(code, 0, `${name}: ${stderr}`)
    }
  })

  await cluster.apply([namespace('metallb-system')])
  const poolguard = await startPoolguard(cluster)

  await suite.test('what poolguard asks has a priority level of its own', async t => {
    const uid = async (object: string) => (await field(cluster, object, '.metadata.uid')).trim()
    const flow = await uid('flowschema/poolguard')
    const level = await uid('prioritylevelconfiguration/poolguard')
    const ledger = ['get', '-n', 'poolguard', 'configmap/poolguard-ledger', '-v=8']
    const classified = await waitUntil('the FlowSchema in force', async () => {
      const { stderr } = await cluster.kubectl(ledger, { user: 'poolguard' })
      return stderr.includes(flow) ? stderr : undefined
    })
    t.match(classified.toLowerCase(), `x-kubernetes-pf-flowschema-uid: ${flow}`)
    t.match(classified.toLowerCase(), `x-kubernetes-pf-prioritylevel-uid: ${level}`)
    const platform = await cluster.kubectl(ledger, { user: 'platform' })
    t.match(platform, { code: 0, stderr: /pf-flowschema-uid/i })
    t.notMatch(platform.stderr, flow, 'and nobody else has it')
  })

  await suite.test(
    'the whole folder of good manifests passes a server-side dry run on an empty cluster',
    async t => {
      const release = join(examples, 'good/release')
      const { code, stderr } = await cluster.kubectl(['apply', '--dry-run=server', '-f', release], {
        user: 'platform'
      })
      t.equal(code, 0, stderr)
    }
  )

  await suite.test(
    'with poolguard in between the controllers work as before and complain of nothing new',
    async t => {
      await exercise(cluster, 'tenant-acme')
      await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
      const after = complaintsOf(controllers)
      t.same(
        [...after].filter(line => !before.has(line)),
        []
      )
      t.notMatch(controllers.map(one => one.log()).join('\n'), /poolguard\.io/)
    }
  )

  await suite.test(
    'an overlapping pool is refused with the pool, the range, the count and the way out',
    async t => {
      const said = await refusal(cluster, pool('pool-b', ['192.168.1.150-192.168.1.250']))
      t.match(said, /admission webhook "addresses\.poolguard\.io" denied the request/)
      t.match(said, /spec\.addresses\[0\] 192\.168\.1\.150-192\.168\.1\.250 shares 51 addresses/)
      t.match(said, /IPAddressPool kmetal-metallb\/default-pool: 192\.168\.1\.150-192\.168\.1\.200\./)
      t.match(said, /Largest free part: 192\.168\.1\.201-192\.168\.1\.250 \(50 addresses\)/)
      t.match(said, /\[pool-overlap\]/)
    }
  )

  await suite.test("a pool outside the nodes' subnet is refused", async t => {
    t.match(await refusal(cluster, pool('cidr-pool', ['10.0.0.0/24'])), /\[pool-outside-node-subnet\]/)
  })

  await suite.test(
    "a tenant's plain LoadBalancer Service gets the pool annotation and an address",
    async t => {
      const create = ['create', '-n', 'tenant-acme', 'service', 'loadbalancer', 'test-lb', '--tcp=80:80']
      await cluster.mustKubectl(create, { user: 'alice' })
      const annotations = await field(cluster, 'service/test-lb', '.metadata.annotations', 'tenant-acme')
      t.match(annotations, '"metallb.io/address-pool":"default-pool"')
      const address = await field(
        cluster,
        'service/test-lb',
        '.status.loadBalancer.ingress[0].ip',
        'tenant-acme'
      )
      t.match(address, /^192\.168\.1\.1\d\d$/)
      await cluster.mustKubectl(['label', '-n', 'tenant-acme', 'service/test-lb', 'tier=web'], {
        user: 'alice'
      })
      await cluster.mustKubectl(['annotate', '-n', 'tenant-acme', 'service/test-lb', 'note=changed'], {
        user: 'alice'
      })
      t.equal(
        await field(cluster, 'service/test-lb', '.status.loadBalancer.ingress[0].ip', 'tenant-acme'),
        address
      )
    }
  )

  await suite.test("a tenant's Service that names a pool it is not granted is refused", async t => {
    const metadata = {
      name: 'greedy',
      namespace: 'tenant-acme',
      annotations: { 'metallb.io/address-pool': 'platform-pool' }
    }
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] }
    const said = await refusal(cluster, { apiVersion: 'v1', kind: 'Service', metadata, spec }, 'alice')
    t.match(
      said,
      /metadata\.annotations\[metallb\.io\/address-pool\] platform-pool.*\[service-pool-not-granted\]/
    )
    t.notMatch(said, /beta/)
  })

  await suite.test('an OvnEip outside its Subnet is refused', async t => {
    const said = await refusal(
      cluster,
      ovnEip('outside', { externalSubnet: 'external', v4Ip: '198.51.100.7' })
    )
    t.match(said, /spec\.v4Ip 198\.51\.100\.7 .*Subnet external.*203\.0\.113\.0\/24.*\[eip-outside-subnet\]/)
  })

  await suite.test(
    'an OvnEip without a Subnet is stored with the global one and gets an address',
    async t => {
      const plain = eip('plain', { type: 'nat' })
      await cluster.mustKubectl(['create', '-f', '-'], { user: 'platform', input: JSON.stringify(plain) })
      t.equal(await field(cluster, 'ovn-eip/plain', '.spec.externalSubnet'), 'external')
      t.match(await served(cluster, plain, 'plain'), /^203\.0\.113\.\d+$/)
    }
  )

  await suite.test(
    "a second gateway port on a tenant's provider subnet is refused, citing the bug",
    async t => {
      const subnet = { protocol: 'IPv4', cidrBlock: '198.18.1.0/24', gateway: '198.18.1.1', vlan: 'vlan0' }
      await cluster.apply([
        { apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name: 'acme-ext' }, spec: subnet }
      ])
      const patch = JSON.stringify({ spec: { extraExternalSubnets: ['external', 'acme-ext'] } })
      const args = ['patch', 'vpc/exercise-tenant-acme', '--type=merge', '-p', patch]
      const { code, stderr } = await cluster.kubectl(args, { user: 'platform' })
      t.equal(code, 1)
      t.match(stderr, /kube-ovn#3329, ovn-org\/ovn#222/)
      t.match(stderr, /\[vpc-multi-dgp\]/)
    }
  )

  await suite.test('every bad example is refused, every good one is allowed', async t => {
    for (const name of readdirSync(join(examples, 'bad'))) {
      const { code, stderr } = await cluster.kubectl(
        // some change what is there already
        ['apply', '--dry-run=server', '-f', join(examples, 'bad', name)],
        { user: 'platform' }
      )
      t.equal(code, 1, `${name} is refused`)
      t.match(stderr, /poolguard\.io" denied the request/, name)
    }
  })

  await suite.test('a pool in use is neither deleted nor shrunk under its Services', async t => {
    const remove = ['delete', '-n', metallbNamespace, 'ipaddresspool/default-pool']
    const deleted = await cluster.kubectl(remove, { user: 'platform' })
    t.equal(deleted.code, 1)
    t.match(deleted.stderr, /admission webhook "deletes\.poolguard\.io" denied the request/)
    t.match(deleted.stderr, /Service tenant-acme\/test-lb \(192\.168\.1\.1\d\d\)/)
    t.match(deleted.stderr, /\[pool-in-use\]/)
    const shrunk = await cluster.kubectl(['apply', '-f', '-'], {
      user: 'platform',
      input: JSON.stringify(pool('default-pool', ['192.168.1.190-192.168.1.200']))
    })
    t.equal(shrunk.code, 1)
    t.match(shrunk.stderr, /spec\.addresses gives up addresses in use.*\[pool-in-use\]/)
    await cluster.apply([pool('default-pool', ['192.168.1.100-192.168.1.190'])])
  })

  await suite.test('a range of Services that comes to cover a pool is refused', async t => {
    const cidr = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'over-a-pool' },
      spec: { cidrs: ['192.168.1.0/24'] }
    }
    const said = await refusal(cluster, cidr)
    t.match(said, /spec\.cidrs\[0\] 192\.168\.1\.0\/24 .*default-pool.*\[pool-cluster-range\]/)
  })

  await suite.test('one Helm release with every kind installs at the first attempt', async t => {
    const chart = join(cluster.directory, 'chart')
    mkdirSync(join(chart, 'templates'), { recursive: true })
    writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: guide\nversion: 0.1.0\n')
    cpSync(join(examples, 'good/release'), join(chart, 'templates'), { recursive: true })
    await cluster.mustKubectl(['delete', '-n', 'tenant-acme', 'services', '--all'])
    await cluster.mustKubectl(['delete', '-n', metallbNamespace, 'ipaddresspools,l2advertisements', '--all'])
    const { code, stderr } = await cluster.helm(['install', 'guide', chart], { user: 'platform' })
    t.equal(code, 0, stderr)
  })

  await suite.test('the controllers get by without poolguard while it is down; new pools wait', async t => {
    const create = ['create', '-n', 'tenant-acme', 'service', 'loadbalancer', 'test-lb', '--tcp=80:80']
    await cluster.mustKubectl(create, { user: 'alice' })
    await poolguard.stop()
    const said = await refusal(cluster, pool('late', ['192.168.1.240/32']))
    t.match(said, /failed calling webhook "addresses\.poolguard\.io"/)
    await cluster.mustKubectl(
      ['annotate', '-n', 'tenant-acme', 'service/test-lb', 'note=down', '--overwrite'],
      { user: 'alice' }
    )
  })
})

/** The same steps with a plan that does not know Kube-OVN's user: the negative control of the exemption. */
await test("with the controller's name out of the plan, Kube-OVN's own writes are refused", async t => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  await cluster.startKubeOvn()
  const policies = join(cluster.directory, 'policies')
  mkdirSync(policies)
  const plan = readFileSync(join(root, 'policies/dc1.yaml'), 'utf8').replace(
    /^spec:$/m,
    'spec:\n  controllers: {kubeOvn: []}'
  )
  t.match(plan, 'controllers: {kubeOvn: []}')
  writeFileSync(join(policies, 'dc1.yaml'), plan)
  const poolguard: Poolguard = await startPoolguard(cluster, { policies })
  await cluster.apply([vpc('unknown-controller', { enableExternal: true })])
  await waitUntil('a refusal in the log', async () =>
    /eip-type/.test(poolguard.process.log()) ? true : undefined
  )
  const { code } = await cluster.kubectl(['get', 'ovn-eip/unknown-controller-external'])
  t.equal(code, 1, 'the router has no port')
})
