import { test } from 'tap'

import { startCluster } from '../cluster.ts'
import { startPoolguard } from '../poolguard.ts'
import { changingForms, creatingForms, isRefused, live, type Door } from '../service-doors.ts'
import * as tenants from '../tenants.ts'
import { address, pool, service, tenantNamespaces, type Ask } from '../tenants.ts'

const { acme, beta } = tenantNamespaces

/** What tenants may have beside their pools. */
const LIMITS = `apiVersion: poolguard.io/v1alpha1
kind: ExposurePolicy
metadata: {name: limits}
spec:
  appliesTo: {tenants: ["*"]}
  services:
    allowedTypes: [ClusterIP, LoadBalancer]
    externalIPs: {allowedRanges: []}
    loadBalancerClasses: {allowed: [""]}
    quota: {loadBalancers: 5}
`

function doors(bobs: string): readonly Door[] {
  const external = (ip: string): Door => {
    return { name: `externalIPs ${ip}`, rule: 'service-external-ips', spec: { externalIPs: [ip] } }
  }
  // bob's, the platform's, a node's, and nobody's
  return [bobs, '192.168.1.155', '192.168.1.11', '198.51.100.7'].map(external)
}

await test('what policies limit of tenants, on a real cluster', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  await cluster.startMetalLB()
  await tenants.createTenants(cluster)
  await cluster.apply((['default-pool', 'platform-pool', 'beta-pool', 'vera-vlan'] as const).map(pool))
  await startPoolguard(cluster, { policies: tenants.writePolicies(cluster, 'policies', { more: LIMITS }) })
  const create = (user: string, object: object) =>
    cluster.kubectl(['create', '-f', '-'], { user, input: JSON.stringify(object) })
  const become = (name: string, spec: object) =>
    cluster.kubectl(['patch', '-n', acme, 'service', name, '--type=merge', '-p', JSON.stringify({ spec })], {
      user: 'alice'
    })
  const internal: Ask = { annotations: { note: 'x' }, spec: { type: 'ClusterIP' } }

  await create('bob', service('shop', {}, beta))
  const bobs = await address(cluster, 'shop', beta)

  await suite.test('no form of kubectl gets an external IP, nor an internal Service', async t => {
    t.match(await create('alice', service('web', { annotations: { note: 'x' } })), { code: 0 })
    await address(cluster, 'web')
    t.match(await create('alice', service('internal', internal)), { code: 0 })
    const before = [await live(cluster, 'web'), await live(cluster, 'internal')]
    for (const door of doors(bobs)) {
      for (const form of creatingForms(cluster, 'alice')) {
        const what = `${form.name}: ${door.name}`
        isRefused(t, await form.try(door), door.rule, what)
        isRefused(
          t,
          await form.try({ spec: { ...door.spec, type: 'ClusterIP' } }),
          door.rule,
          `internal ${what}`
        )
      }
      for (const form of changingForms(cluster, 'alice', 'web')) {
        isRefused(t, await form.try(door), door.rule, `${form.name}: ${door.name}`)
      }
      const spec = { ...door.spec, type: 'ClusterIP' }
      for (const form of changingForms(cluster, 'alice', 'internal')) {
        isRefused(t, await form.try({ spec }), door.rule, `${form.name}, internal: ${door.name}`)
      }
    }
    t.same([await live(cluster, 'web'), await live(cluster, 'internal')], before)
    const exposed = ['expose', '-n', acme, 'service', 'web', '--name=exposed', `--external-ip=${bobs}`]
    isRefused(t, await cluster.kubectl(exposed, { user: 'alice' }), 'service-external-ips', 'expose')
  })

  await suite.test('another load balancer is not hers to choose', async t => {
    const other = { spec: { loadBalancerClass: 'example.com/lb' } }
    for (const form of creatingForms(cluster, 'alice')) {
      isRefused(t, await form.try(other), 'service-class', form.name)
    }
    isRefused(t, await become('internal', { type: 'LoadBalancer', ...other.spec }), 'service-class', 'later')
  })

  await suite.test('nor is a type that was not allowed', async t => {
    const types = [{ type: 'NodePort' }, { type: 'ExternalName', externalName: 'example.com' }]
    for (const spec of types) {
      for (const form of creatingForms(cluster, 'alice')) {
        isRefused(t, await form.try({ spec }), 'service-type', `${form.name} ${spec.type}`)
      }
    }
    isRefused(t, await become('internal', { type: 'NodePort' }), 'service-type', 'later')
  })

  await suite.test('the sixth load balancer is refused, also one that becomes it', async t => {
    const names = ['two', 'three', 'four', 'five']
    for (const name of names) t.match(await create('alice', service(name)), { code: 0 }, name)
    for (const name of names) t.not(await address(cluster, name), '')
    for (const form of creatingForms(cluster, 'alice')) {
      isRefused(t, await form.try({}), 'service-quota', form.name)
    }
    isRefused(t, await become('internal', { type: 'LoadBalancer' }), 'service-quota', 'later')
    isRefused(
      t,
      await create('admin', service('six')),
      'service-quota',
      'by the administrator, in her namespace'
    )
    t.match(await create('bob', service('second', {}, beta)), { code: 0 }, 'others have their own')
    await cluster.mustKubectl(['delete', '-n', acme, 'service', 'five'], { user: 'alice' })
    t.match(await become('internal', { type: 'LoadBalancer' }), { code: 0 }, 'one went, one comes')
    t.not(await address(cluster, 'internal'), '')
  })

  await suite.test('the platform is not hindered', async t => {
    for (const [i, spec] of [
      { externalIPs: ['192.0.2.9'] },
      { loadBalancerClass: 'example.com/lb' },
      { type: 'NodePort' }
    ].entries()) {
      t.match(await create('platform', service(`tool-${i}`, { spec }, 'default')), { code: 0, stderr: '' })
    }
  })
})
