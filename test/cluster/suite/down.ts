import { test } from 'tap'
import type { Test } from 'tap'

import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import type { CallOptions } from '../client.ts'
import { externalSubnet } from '../kube-ovn.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { namespace } from '../rbac.ts'
import * as tenants from '../tenants.ts'
import { address, addressNow, pool, service, tenantNamespaces } from '../tenants.ts'
import { documentPart, startTranscript } from '../transcript.ts'
import type { Transcript } from '../transcript.ts'
import { metallbNamespace, poolguardNamespace, serviceAccount } from '../users.ts'

const document = 'docs/break-glass.md'
const { acme, beta } = tenantNamespaces
/** Whoever empties a namespace that is being deleted. */
const cleaner = serviceAccount('kube-system', 'namespace-controller')
/** Two addresses: a third Service waits until one of them is free. */
const SMALL = ['192.168.1.150-192.168.1.151']

function smallPool(): object {
  return { ...pool('platform-pool'), spec: { addresses: SMALL } }
}

function overlapping(name: string): string {
  return `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: ${name}, namespace: ${metallbNamespace}}
spec: {addresses: [192.168.1.140-192.168.1.145]}
`
}

const WEBHOOKS = 'validatingwebhookconfiguration/poolguard mutatingwebhookconfiguration/poolguard'

await test('poolguard is dead, and its webhooks are registered', async suite => {
  const cluster = await startCluster({ users: { cleaner } })
  suite.teardown(() => cluster.stop())
  await cluster.startMetalLB()
  await cluster.startKubeOvn()
  await tenants.createTenants(cluster)
  const policies = tenants.writePolicies(cluster, 'policies')
  const poolguard = await startPoolguard(cluster, { policies })
  await cluster.apply([pool('default-pool'), smallPool()])
  // Its own namespace, as somebody may label it by mistake, counts for nobody's.
  await cluster.mustKubectl(['label', 'namespace', poolguardNamespace, 'tenant=acme'])
  await create(cluster, service('live', {}, acme))
  await create(cluster, service('leaving', {}, beta))
  await address(cluster, 'live', acme)
  await address(cluster, 'leaving', beta)
  await cluster.apply([ovnEip('kept'), ovnEip('going')])
  await eipAddress(cluster, 'kept')
  const shown = startTranscript(cluster)

  await poolguard.stop()

  await suite.test('what grows an address plan waits, and says for whom', async t => {
    shown.file('waits', 'new-pool.yaml', overlapping('new-pool'))
    const { code, output } = await shown.kubectl('waits', 'apply -f new-pool.yaml')
    t.equal(code, 1)
    t.match(output, /failed calling webhook "addresses\.poolguard\.io"/)
    const tenant = await cluster.kubectl(['create', '-f', '-'], {
      user: 'alice',
      input: JSON.stringify(service('later'))
    })
    t.match(tenant, { code: 1, stderr: /failed calling webhook/ })
  })

  await suite.test('the cluster itself works', t => clusterWorks(t, cluster))

  await suite.test('everything can be deleted, namespaces with live Services too', async t => {
    const does = doing(t, cluster)
    await does(['delete', 'ovn-eip/going', '--wait=false'])
    await does(['delete', '-n', metallbNamespace, 'ipaddresspool/platform-pool'])
    await does(['delete', 'namespace', beta, '--wait=false'])
    await does(['delete', '-n', beta, 'services', '--all'], { user: 'cleaner' })
    const finalized = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: beta },
      spec: { finalizers: [] }
    }
    const path = `/api/v1/namespaces/${beta}/finalize`
    await does(['replace', '--raw', path, '-f', '-'], { input: JSON.stringify(finalized) })
    await waitUntil(
      `the end of ${beta}`,
      async () => (await cluster.kubectl(['get', 'namespace', beta])).code === 1
    )
    t.match(await addressNow(cluster, 'live', acme), /^192\.168\.1\./, 'and what lives is untouched')
  })

  await suite.test('MetalLB and Kube-OVN go on allocating', async t => {
    await create(cluster, service('platforms', {}, 'default'))
    t.match(await address(cluster, 'platforms', 'default'), /^192\.168\.1\./, "the platform's Service")
    await cluster.apply([ovnEip('controllers')], { user: 'kubeOvn' })
    t.match(await eipAddress(cluster, 'controllers'), /^203\.0\.113\./, 'what the controller writes')
  })

  await suite.test('the API server restarts and is usable', async t => {
    await cluster.restartApiServer()
    await clusterWorks(t, cluster)
    await create(cluster, service('restarted', {}, 'default'))
    t.match(await address(cluster, 'restarted', 'default'), /^192\.168\.1\./, 'MetalLB follows it again')
  })

  await suite.test('the glass is broken, and mended', async t => {
    const removed = await shown.kubectl('break', `delete ${WEBHOOKS}`)
    t.equal(removed.code, 0)
    t.equal(
      (await shown.kubectl('break', 'apply -f new-pool.yaml')).code,
      0,
      'what waited is stored, seen by nobody'
    )
    const again = await startPoolguard(cluster, { policies })
    shown.file('mend', 'other-pool.yaml', overlapping('other-pool'))
    const refused = await shown.kubectl('mend', 'apply -f other-pool.yaml')
    t.equal(refused.code, 1)
    t.match(refused.output, '[pool-overlap]', 'poolguard judges again')
    await waitUntil('both Events of the audit', async () => (await auditEvents(cluster)).length === 2, {
      timeoutMs: 150_000
    })
    const columns = 'custom-columns=OBJECT:.involvedObject.name,MESSAGE:.message'
    const sorted = '--field-selector=reason=PolicyViolation --sort-by=.involvedObject.name'
    const told = await shown.kubectl('audit', `get events -n ${metallbNamespace} ${sorted} -o ${columns}`)
    t.match(told.output, /new-pool .*default-pool.*\[pool-overlap\]/)
    await again.stop()
    compare(t, shown)
  })
})

/** Nodes, Pods, Leases, namespaces, kube-system and poolguard's own objects. */
async function clusterWorks(t: Test, cluster: Cluster): Promise<void> {
  const does = doing(t, cluster)
  const objects: readonly (readonly [kind: string, object: object])[] = [
    ['node', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'new-node' } }],
    ['pod', pod('default')],
    ['pod', pod(acme)],
    ['pod', pod(poolguardNamespace)],
    [
      'lease',
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'x', namespace: 'kube-system' }
      }
    ],
    ['namespace', namespace('plain')],
    ['configmap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'kube-system' } }],
    ['service', service('dns', { spec: { type: 'ClusterIP' } }, 'kube-system')],
    ['service', service('dns-lb', {}, 'kube-system')],
    ['service', service('plain', { spec: { type: 'ClusterIP' } }, acme)],
    ['deployment', deployment()],
    ['service', service('poolguard', { spec: { type: 'ClusterIP' } }, poolguardNamespace)],
    [
      'secret',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace: poolguardNamespace } }
    ]
  ]
  for (const [, object] of objects) {
    const input = JSON.stringify(object)
    await does(['apply', '--server-side', '-f', '-'], { input })
  }
  await does(['label', 'node', 'new-node', 'rack=b'])
  await does(['label', 'namespace', 'plain', 'team=x'])
  await does(['annotate', '-n', poolguardNamespace, 'deployment/poolguard', 'note=x'])
  await does(['scale', '-n', poolguardNamespace, 'deployment/poolguard', '--replicas=3'])
  for (const [, object] of objects) {
    await does(['delete', '--wait=false', '--grace-period=0', '--force', '-f', '-'], {
      input: JSON.stringify(object)
    })
  }
}

async function auditEvents(cluster: Cluster): Promise<readonly string[]> {
  const only = '--field-selector=reason=PolicyViolation'
  const printed = await cluster.mustKubectl(['get', 'events', '-A', only, '-o', 'name'])
  return printed.split('\n').filter(line => line !== '')
}

/** Runs kubectl, and says so when it was refused. */
function doing(t: Test, cluster: Cluster): (args: readonly string[], options?: CallOptions) => Promise<void> {
  return async (args, options = {}) => {
    const { code, stderr } = await cluster.kubectl(args, options)
    const about = options.input === undefined ? '' : ` ${options.input.slice(0, 120)}`
    t.equal(code, 0, `${args.join(' ')}${about}`, { stderr })
  }
}

async function create(cluster: Cluster, object: object): Promise<void> {
  await cluster.mustKubectl(['create', '-f', '-'], { input: JSON.stringify(object) })
}

function pod(owner: string): object {
  // poolguard's namespace enforces Pod Security's level restricted
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' }
  }
  const spec = { containers: [{ name: 'x', image: 'x', securityContext }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: owner }, spec }
}

function deployment(): object {
  const labels = { app: 'poolguard' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'x', image: 'x' }] } }
  const metadata = { name: 'poolguard', namespace: poolguardNamespace }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { selector: { matchLabels: labels }, template }
  }
}

function ovnEip(name: string): object {
  const spec = { externalSubnet: externalSubnet.name, type: 'nat' }
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', metadata: { name }, spec }
}

function eipAddress(cluster: Cluster, name: string): Promise<string> {
  return waitUntil(`an address of ${name}`, async () => {
    const { stdout } = await cluster.kubectl(['get', `ovn-eip/${name}`, '-o', 'jsonpath={.status.v4Ip}'])
    return stdout === '' ? undefined : stdout
  })
}

/** Addresses and secrets of this run, as they would read in a cluster. */
function asInstalled(text: string): string {
  return text
    .replaceAll(/https:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{64}/g, 'https://poolguard.poolguard.svc:443/SECRET')
    .replaceAll(/127\.0\.0\.1:\d+/g, '10.96.0.20:443')
}

function compare(t: Test, shown: Transcript): void {
  for (const part of shown.parts) {
    const text = asInstalled(shown.part(part))
    t.equal(documentPart(document, `transcript ${part}`, text), text, part)
  }
}
