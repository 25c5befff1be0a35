import { join } from 'node:path'

import { test } from 'tap'

import { readSources } from '../../../src/cli/sources.ts'
import { startCluster } from '../cluster.ts'
import { reviewOf } from '../differential/compare.ts'
import { isJsonObject, member, text } from '../json.ts'
import { root } from '../locations.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { metallbNamespace } from '../users.ts'

const values = join(root, 'manifests/examples/guide/kmetal-values-bgp.yaml')

function kindOf(object: object): string {
  return isJsonObject(object) ? text(object, 'kind') : ''
}

await test("the guide's BGP example on a real cluster", async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const metallb = await cluster.startMetalLB()
  const webhook = await cluster.startMetalLBWebhook()
  await startPoolguard(cluster)

  // as `poolguard check` reads them
  const { documents, errors } = readSources([values], '', metallbNamespace)
  suite.same(errors, [])
  suite.same(
    documents.map(({ object }) => (isJsonObject(object) ? kindOf(object) : '')),
    ['BFDProfile', 'BGPAdvertisement', 'BGPPeer', 'BGPPeer', 'Community', 'IPAddressPool']
  )

  await suite.test("MetalLB's own webhook and poolguard accept each object", async t => {
    for (const { object } of documents) {
      if (!isJsonObject(object)) throw new Error('no object')
      const name = `${kindOf(object)} ${text(member(object, 'metadata'), 'name')}`
      t.same(await webhook.review(reviewOf(object, undefined)), { allowed: true, message: '' }, name)
      const input = JSON.stringify(object)
      const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], { user: 'platform', input })
      t.equal(code, 0, `${name}: ${stderr}`)
      if (kindOf(object) !== 'BGPAdvertisement') t.equal(stderr, '', `${name} gets no warning`)
    }
  })

  await suite.test('a Service gets an address of the pool', async t => {
    const metadata = { name: 'routed', annotations: { 'metallb.io/address-pool': 'bgp-pool' } }
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] }
    await cluster.apply([{ apiVersion: 'v1', kind: 'Service', metadata, spec }], { user: 'platform' })
    const address = await waitUntil('an address', async () => {
      const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}'
      const { stdout } = await cluster.kubectl(['get', 'service/routed', '-o', path])
      return stdout === '' ? undefined : stdout
    })
    t.match(address, /^10\.20\.0\.(6[4-9]|[789]\d|1[01]\d|12[0-7])$/, 'in 10.20.0.64/26')
  })

  await suite.test("MetalLB's controller and its speakers take the configuration as a whole", async t => {
    t.match(metallb.log(), /"event":"config reloaded"/)
    t.notMatch(metallb.log(), /failed to parse the configuration/)
    t.equal(await webhook.configurationError(), '')
  })
})
