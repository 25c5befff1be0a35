import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { test, type Test } from 'tap'

import { startCluster, type Cluster } from '../cluster.ts'
import { startPoolguard } from '../poolguard.ts'
import { changingForms, creatingForms, isRefused, live, metallbDoors } from '../service-doors.ts'
import * as tenants from '../tenants.ts'
import {
  address,
  addressNow,
  ofService,
  pool,
  poolAnnotation,
  service,
  tenantNamespaces
} from '../tenants.ts'
import { documentPart, startTranscript, type Said } from '../transcript.ts'

const document = 'docs/services.md'
const { acme, beta, vera } = tenantNamespaces
const KEY = 'betas-own-key'
/** MetalLB takes an address away within some 50 ms of a write. */
const SETTLE_MS = 400

/** A tenant's manifest that says no more than it has to. */
function manifest(name: string, more = ''): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${acme}${more}}
spec: {type: LoadBalancer, ports: [{port: 80}], selector: {app: ${name}}}
`
}

await test('tenants and their Services on a real cluster', async suite => {
  const cluster = await startCluster({ users: { gateway: tenants.gateway } })
  suite.teardown(() => cluster.stop())
  const metallb = await cluster.startMetalLB()
  await tenants.createTenants(cluster)
  const as = (user: string, args: readonly string[], input?: string) =>
    cluster.kubectl(args, { user, ...(input === undefined ? {} : { input }) })
  const create = async (user: string, object: object): Promise<void> =>
    void (await cluster.mustKubectl(['create', '-f', '-'], { user, input: JSON.stringify(object) }))

  // Before poolguard: two Services with addresses of the only pool that there was.
  await cluster.apply([pool('legacy-pool')])
  await cluster.mustKubectl(['apply', '-f', '-'], { user: 'alice', input: manifest('old') })
  await cluster.mustKubectl(['apply', '--server-side', '-f', '-'], {
    user: 'alice',
    input: manifest('older')
  })
  const legacy = { old: await address(cluster, 'old'), older: await address(cluster, 'older') }
  const others = ['default-pool', 'platform-pool', 'beta-pool', 'vera-vlan'] as const
  await cluster.apply(others.map(pool))
  let poolguard = await startPoolguard(cluster, { policies: tenants.writePolicies(cluster, 'policies') })

  // What others have: bob an address of the pool that all share, and one of his own pool; the platform one of its own.
  await create('bob', service('shop', { annotations: { 'metallb.io/allow-shared-ip': KEY } }, beta))
  const bobs = await address(cluster, 'shop', beta)
  await create('bob', service('pay', { annotations: { 'metallb.io/address-pool': 'beta-pool' } }, beta))
  await create('admin', service('portal', { spec: { loadBalancerIP: '192.168.1.155' } }, 'default'))
  const theirs = {
    shop: bobs,
    pay: await address(cluster, 'pay', beta),
    portal: await address(cluster, 'portal', 'default')
  }
  const doors = metallbDoors({ bobs, key: KEY })

  await suite.test(
    'a plain Service gets an address of the global pool; of a VLAN tenant, of its own',
    async t => {
      await cluster.mustKubectl(['create', '-n', acme, 'service', 'loadbalancer', 'web', '--tcp=80:80'], {
        user: 'alice'
      })
      t.equal(await address(cluster, 'web'), '192.168.1.101')
      t.equal(await poolAnnotation(cluster, 'web'), 'default-pool')
      await create('admin', service('web', {}, vera))
      t.match(await address(cluster, 'web', vera), /^10\.9\.0\.1/)
      t.equal(await poolAnnotation(cluster, 'web', vera), 'vera-vlan')
      t.same(theirs, { shop: '192.168.1.100', pay: '192.168.1.160', portal: '192.168.1.155' })
    }
  )

  await documented(suite, cluster)

  await suite.test('no form of kubectl opens any of the doors', async t => {
    const before = await live(cluster, 'web')
    for (const door of doors) {
      for (const form of creatingForms(cluster, 'alice')) {
        isRefused(t, await form.try(door), door.rule, `${form.name}: ${door.name}`)
      }
      for (const form of changingForms(cluster, 'alice', 'web')) {
        isRefused(t, await form.try(door), door.ruleOnLive ?? door.rule, `${form.name}: ${door.name}`)
      }
    }
    t.same(await live(cluster, 'web'), before, 'the live Service is as it was')
    const exposed = ['expose', '-n', acme, 'service', 'web', '--name=exposed', '--type=LoadBalancer']
    isRefused(
      t,
      await as('alice', [...exposed, `--load-balancer-ip=${bobs}`]),
      'service-address-in-use',
      'expose'
    )
    const impersonated = await as('alice', [
      'get',
      '-n',
      acme,
      'services',
      '--as=system:serviceaccount:kmetal-metallb:controller'
    ])
    t.match(impersonated.stderr, /cannot impersonate/)
  })

  await suite.test(
    'nor does a Service that asks for nothing yet and becomes a LoadBalancer later',
    async t => {
      for (const type of ['ClusterIP', 'NodePort', 'ExternalName'] as const) {
        for (const door of doors) {
          const spec = {
            ...door.spec,
            type,
            ...(type === 'ExternalName' ? { externalName: 'example.com' } : {})
          }
          await create('alice', service('later', { ...door, spec }))
          const patch = JSON.stringify({ spec: { type: 'LoadBalancer', externalName: null } })
          const said = await as('alice', [
            'patch',
            '-n',
            acme,
            'service',
            'later',
            '--type=merge',
            '-p',
            patch
          ])
          isRefused(t, said, door.rule, `${type}: ${door.name}`)
          await cluster.mustKubectl(['delete', '-n', acme, 'service', 'later'], { user: 'alice' })
        }
      }
      const plain = service('later', { spec: { type: 'ClusterIP' } })
      await create('alice', plain)
      await cluster.mustKubectl(
        ['patch', '-n', acme, 'service', 'later', '-p', '{"spec":{"type":"LoadBalancer"}}'],
        { user: 'alice' }
      )
      t.match(
        await address(cluster, 'later'),
        /^192\.168\.1\.1[0-4]\d$/,
        'without an ask it gets its default'
      )
      t.equal(await poolAnnotation(cluster, 'later'), 'default-pool')
      await cluster.mustKubectl(['delete', '-n', acme, 'service', 'later'], { user: 'alice' })
    }
  )

  await suite.test('the status gives no address and asks for none', async t => {
    const before = await live(cluster, 'web')
    const ingress = { status: { loadBalancer: { ingress: [{ ip: bobs }] } } }
    const writes = [
      ingress,
      { status: { loadBalancer: null } },
      ...doors
        .filter(({ annotations }) => annotations)
        .map(({ annotations }) => ({ metadata: { annotations } })),
      { metadata: { annotations: { 'metallb.io/address-pool': null } } },
      { metadata: { labels: { pool: 'platform' } } }
    ]
    for (const write of writes) {
      const text = JSON.stringify(write)
      const patch = ['patch', '-n', acme, 'service', 'web', '--subresource=status', '-p', text]
      isRefused(t, await as('alice', [...patch, '--type=merge']), 'service-status', `merge ${text}`)
      isRefused(t, await as('alice', [...patch, '--type=strategic']), 'service-status', `strategic ${text}`)
    }
    const file = join(cluster.directory, 'status.json')
    writeFileSync(file, JSON.stringify({ ...before, ...ingress }))
    const web = ['-n', acme, 'service', 'web', '--subresource=status']
    isRefused(
      t,
      await as('alice', ['replace', '--subresource=status', '-f', file]),
      'service-status',
      'replace'
    )
    const edited = await cluster.kubectl(['edit', ...web, '-o', 'json'], {
      user: 'alice',
      editor: `cp ${file}`
    })
    isRefused(t, edited, 'service-status', 'edit')
    const applied = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: acme },
      ...ingress
    })
    const apply = ['apply', '--server-side', '--force-conflicts', '--subresource=status', '-f', '-']
    isRefused(t, await as('alice', apply, applied), 'service-status', 'server-side apply')
    t.same(await live(cluster, 'web'), before)
    await create('alice', { ...service('born', { spec: { type: 'ClusterIP' } }), ...ingress })
    t.equal(await addressNow(cluster, 'born'), '', 'a status that a Service is created with is dropped')
  })

  await suite.test("a namespace stays its tenant's, whatever its label is written through", async t => {
    const labels = [
      { tenant: 'beta' },
      { tenant: null },
      { tenant: '' },
      { 'capsule.clastix.io/tenant': 'beta' }
    ]
    const owner = { apiVersion: 'capsule.clastix.io/v1beta2', kind: 'Tenant', name: 'beta', uid: 'u-1' }
    const writes = [...labels.map(one => ({ labels: one })), { ownerReferences: [owner] }]
    for (const metadata of writes) {
      const text = JSON.stringify({ metadata })
      for (const subresource of [[], ['--subresource=status']]) {
        const said = await as('alice', [
          'patch',
          'namespace',
          acme,
          '--type=merge',
          '-p',
          text,
          ...subresource
        ])
        isRefused(t, said, 'namespace-tenant', [text, ...subresource].join(' '))
      }
    }
    isRefused(
      t,
      await as('alice', ['label', 'namespace', acme, 'tenant=beta', '--overwrite']),
      'namespace-tenant',
      'label'
    )
    const whole = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: acme, labels: { tenant: 'beta' } }
    }
    const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-']
    isRefused(t, await as('alice', apply, JSON.stringify(whole)), 'namespace-tenant', 'server-side apply')
    const file = join(cluster.directory, 'finalize.json')
    writeFileSync(file, JSON.stringify({ ...whole, spec: { finalizers: ['kubernetes'] } }))
    const finalize = await as('alice', [
      'replace',
      '--raw',
      `/api/v1/namespaces/${acme}/finalize`,
      '-f',
      file
    ])
    t.match(finalize, { code: 1, stderr: '[namespace-tenant]' }, 'finalize')
    const harmless = await as('alice', ['label', 'namespace', acme, 'team=web'])
    t.match(harmless, { code: 0 }, 'other labels are hers')
  })

  await suite.test('what is allowed gets its address, and what was asked for', async t => {
    const asks = {
      named: { annotations: { 'metallb.io/address-pool': 'default-pool' } },
      twin: { annotations: { 'metallb.universe.tf/address-pool': 'default-pool' } },
      'both-twins': {
        annotations: {
          'metallb.io/address-pool': 'default-pool',
          'metallb.universe.tf/address-pool': 'default-pool'
        }
      },
      'at-120': { annotations: { 'metallb.io/loadBalancerIPs': '192.168.1.120' } },
      'at-121': { annotations: { 'metallb.universe.tf/loadBalancerIPs': '192.168.1.121' } },
      'at-122': { spec: { loadBalancerIP: '192.168.1.122' } },
      'shared-a': {
        annotations: {
          'metallb.io/allow-shared-ip': 'acmes-own',
          'metallb.io/loadBalancerIPs': '192.168.1.123'
        }
      },
      'shared-b': {
        annotations: {
          'metallb.io/allow-shared-ip': 'acmes-own',
          'metallb.io/loadBalancerIPs': '192.168.1.123'
        },
        spec: { ports: [{ port: 443 }] }
      }
    }
    for (const [name, ask] of Object.entries(asks)) await create('alice', service(name, ask))
    const given = await Promise.all(Object.keys(asks).map(name => address(cluster, name)))
    t.same(
      given.slice(3),
      [120, 121, 122, 123, 123].map(last => `192.168.1.${last}`)
    )
    for (const one of given.slice(0, 3)) t.match(one, /^192\.168\.1\.1[0-4]\d$/)
    await cluster.mustKubectl(['delete', '-n', acme, 'service', ...Object.keys(asks)], { user: 'alice' })
  })

  await suite.test(
    "what a gateway's controller makes of her Gateway is hers, whatever she writes into it",
    async t => {
      const ofGateway = (ask: tenants.Ask, labels: object = {}): string => {
        const metadata = { name: 'gw', namespace: 'envoy-gateway-system', annotations: ask.annotations ?? {} }
        const named = { ...labels, [tenants.gatewayLabel]: acme }
        return JSON.stringify({ ...service('gw', ask), metadata: { ...metadata, labels: named } })
      }
      for (const door of doors) {
        const said = await as('gateway', ['create', '-f', '-'], ofGateway(door, { tenant: 'beta' }))
        isRefused(t, said, door.rule, door.name)
      }
      t.match(await as('gateway', ['create', '-f', '-'], ofGateway({})), { code: 0, stderr: '' })
      t.match(await address(cluster, 'gw', 'envoy-gateway-system'), /^192\.168\.1\.1[0-4]\d$/)
      t.equal(await poolAnnotation(cluster, 'gw', 'envoy-gateway-system'), 'default-pool')
      await cluster.mustKubectl(['delete', '-n', 'envoy-gateway-system', 'service', 'gw'])
    }
  )

  await suite.test('the platform is not hindered, nor warned', async t => {
    const passes = async (args: readonly string[], input?: string): Promise<void> => {
      const { code, stderr } = await as('platform', args, input)
      t.same({ code, stderr }, { code: 0, stderr: '' }, args.join(' '))
    }
    for (const ask of [
      {},
      { annotations: { 'metallb.io/address-pool': 'beta-pool' } },
      { spec: { loadBalancerIP: '192.168.1.157' } }
    ]) {
      await passes(['create', '-f', '-'], JSON.stringify(service('tool', ask, 'default')))
      t.not(await address(cluster, 'tool', 'default'), '')
      await passes(['delete', '-n', 'default', 'service', 'tool'])
    }
    const ingress = JSON.stringify({
      status: { loadBalancer: { ingress: [{ ip: '192.168.1.155', ipMode: 'VIP' }, { ip: '192.0.2.1' }] } }
    })
    await passes([
      'patch',
      '-n',
      'default',
      'service',
      'portal',
      '--subresource=status',
      '--type=merge',
      '-p',
      ingress
    ])
    await passes(['label', 'namespace', vera, 'tenant=beta', '--overwrite'])
    await passes(['label', 'namespace', vera, 'tenant=vera', '--overwrite'])
  })

  await suite.test('whatever is applied again, replaced or edited, nothing fights the default', async t => {
    const file = join(cluster.directory, 'again.yaml')
    writeFileSync(file, manifest('again'))
    const version = () => ofService(cluster, 'again', '.metadata.resourceVersion')
    await cluster.mustKubectl(['apply', '--server-side', '-f', file], { user: 'alice' })
    const given = await address(cluster, 'again')
    const before = await version()
    await cluster.mustKubectl(['apply', '--server-side', '-f', file], { user: 'alice' })
    t.equal(await version(), before, 'server-side apply writes nothing')
    t.match(await as('alice', ['diff', '--server-side', '-f', file]), { code: 0, stdout: '' })
    t.match(
      await as('alice', ['apply', '--server-side', '--field-manager=flux', '-f', file]),
      { code: 0, stderr: '' },
      'no conflict'
    )
    const managers = JSON.stringify(await ofManagers(cluster, 'again'))
    t.notMatch(managers, 'f:metallb.io/address-pool', 'nobody owns the annotation, so nobody takes it off')
    await cluster.mustKubectl(['delete', '-f', file], { user: 'alice' })
    await cluster.mustKubectl(['apply', '-f', file], { user: 'alice' })
    t.equal(await address(cluster, 'again'), given)
    const applied = await version()
    t.equal(await cluster.mustKubectl(['apply', '-f', file], { user: 'alice' }), 'service/again unchanged\n')
    t.equal(await version(), applied)
    t.match(await as('alice', ['diff', '-f', file]), { code: 0, stdout: '' })
    await keepsItsPlace(t, cluster, 'again', { address: given, pool: 'default-pool' })
  })

  await suite.test(
    'a live address stays where it was before poolguard came, and nothing is written into its Service',
    async t => {
      for (const [name, given] of Object.entries(legacy)) {
        t.match(given, /^192\.168\.1\.20\d$/)
        await keepsItsPlace(t, cluster, name, { address: given, pool: '' })
      }
    }
  )

  await suite.test('so when the plan gets another default pool', async t => {
    await cluster.apply([pool('next-pool')])
    await poolguard.stop()
    const policies = tenants.writePolicies(cluster, 'next', { defaultPool: 'next-pool' })
    poolguard = await startPoolguard(cluster, { policies })
    await keepsItsPlace(t, cluster, 'again', {
      address: await addressNow(cluster, 'again'),
      pool: 'default-pool'
    })
    await keepsItsPlace(t, cluster, 'old', { address: legacy.old, pool: '' })
    await create('alice', service('newest'))
    t.match(await address(cluster, 'newest'), /^192\.168\.1\.21\d$/)
    t.equal(await poolAnnotation(cluster, 'newest'), 'next-pool')
  })

  await suite.test('after all of this everybody else has what was theirs', async t => {
    const now = {
      shop: await addressNow(cluster, 'shop', beta),
      pay: await addressNow(cluster, 'pay', beta),
      portal: await addressNow(cluster, 'portal', 'default')
    }
    t.same(now, theirs)
    const list = await cluster.mustKubectl([
      'get',
      '-n',
      acme,
      'services',
      '-o',
      'jsonpath={.items[*].status.loadBalancer.ingress[*].ip}'
    ])
    t.same(
      list.split(' ').filter(one => Object.values(theirs).includes(one)),
      [],
      "and none of it is alice's"
    )
    t.notMatch(metallb.log(), /poolguard\.io/, 'no write of MetalLB was refused')
  })
})

function ofManagers(cluster: Cluster, name: string): Promise<string> {
  return cluster.mustKubectl(['get', '-n', acme, 'service', name, '-o', 'json', '--show-managed-fields'])
}

/** Writes a live Service in every way that does not ask for anything: its address and its pool annotation stay. */
async function keepsItsPlace(
  t: Test,
  cluster: Cluster,
  name: string,
  expected: { readonly address: string; readonly pool: string }
): Promise<void> {
  const file = join(cluster.directory, `${name}.yaml`)
  writeFileSync(file, manifest(name, ', labels: {again: "1"}'))
  const web = ['-n', acme, 'service', name]
  const writes: readonly (readonly string[])[] = [
    ['label', ...web, 'tier=web', '--overwrite'],
    ['annotate', ...web, 'note=changed', '--overwrite'],
    ['patch', ...web, '-p', '{"spec":{"ports":[{"port":80,"targetPort":8080}]}}'],
    ['apply', '--server-side', '--force-conflicts', '-f', file],
    ['apply', '-f', file],
    ['replace', '-f', file],
    ['edit', ...web],
    ['annotate', ...web, 'metallb.io/address-pool-']
  ]
  for (const args of writes) {
    const { code, stderr } = await cluster.kubectl(args, {
      user: 'alice',
      editor: 'sed -i s/tier:.*/tier:\\ edited/'
    })
    t.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    // Time for MetalLB to do what it should not.
    await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
    t.same(
      { address: await addressNow(cluster, name), pool: await poolAnnotation(cluster, name) },
      expected,
      `${name}: ${args[0] ?? ''}`
    )
  }
}

/** What docs/services.md shows, typed by alice. */
async function documented(suite: Test, cluster: Cluster): Promise<void> {
  const shown = startTranscript(cluster, 'alice')
  const refuses = (t: Test, { code, output }: Said, rule: string) => {
    t.equal(code, 1)
    t.match(output, `[${rule}]`)
  }
  const apply = (part: string, name: string, more: string): Promise<Said> => {
    shown.file(part, `${name}.yaml`, manifest(name, more))
    return shown.kubectl(part, `apply -f ${name}.yaml`)
  }

  await suite.test('the documentation shows what a tenant sees', async t => {
    await shown.kubectl('plain', `create service loadbalancer plain --tcp=80:80 -n ${acme}`)
    await address(cluster, 'plain')
    const columns = String.raw`NAME:.metadata.name,POOL:.metadata.annotations.metallb\.io/address-pool,ADDRESS:.status.loadBalancer.ingress[0].ip`
    await shown.kubectl('plain', `get service plain -n ${acme} -o custom-columns=${columns}`)
    refuses(
      t,
      await apply('pool', 'greedy', ', annotations: {metallb.io/address-pool: platform-pool}'),
      'service-pool-not-granted'
    )
    refuses(
      t,
      await apply('address', 'fixed', ', annotations: {metallb.universe.tf/loadBalancerIPs: 192.168.1.155}'),
      'service-pool-not-granted'
    )
    refuses(
      t,
      await apply('in-use', 'twice', ', annotations: {metallb.io/loadBalancerIPs: 192.168.1.100}'),
      'service-address-in-use'
    )
    refuses(
      t,
      await apply('key', 'sharing', `, annotations: {metallb.io/allow-shared-ip: ${KEY}}`),
      'service-shared-address'
    )
    const both =
      ', annotations: {metallb.io/address-pool: default-pool, metallb.universe.tf/address-pool: platform-pool}'
    refuses(t, await apply('twins', 'two-voices', both), 'service-address-conflict')
    shown.file('status', 'status.yaml', 'status: {loadBalancer: {ingress: [{ip: 192.168.1.100}]}}\n')
    const patch = `patch service plain -n ${acme} --subresource=status --type=merge --patch-file=status.yaml`
    refuses(t, await shown.kubectl('status', patch), 'service-status')
    refuses(
      t,
      await shown.kubectl('namespace', `label namespace ${acme} tenant=beta --overwrite`),
      'namespace-tenant'
    )
    for (const part of shown.parts) {
      t.equal(documentPart(document, `transcript ${part}`, shown.part(part)), shown.part(part), part)
    }
  })
}
