import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { test } from 'tap'

import { readSources } from '../../../src/cli/sources.ts'
import { startCluster } from '../cluster.ts'
import { reviewOf } from '../differential/compare.ts'
import { isJsonObject, items, member, text } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { root } from '../locations.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { documentPart, startTranscript } from '../transcript.ts'
import { metallbNamespace } from '../users.ts'

const document = 'docs/bgp.md'
const values = join(root, 'manifests/examples/guide/kmetal-values-bgp.yaml')
const objectsFile = join(root, 'manifests/examples/good/bgp.yaml')

/** The objects of a file, as `poolguard check` reads them. */
function objectsOf(path: string): readonly JsonObject[] {
  const { documents, errors } = readSources([path], '', metallbNamespace)
  if (errors.length > 0) throw new Error(`${path} cannot be read`)
  return documents.map(({ object }) => object).filter(isJsonObject)
}

function nameOf(object: JsonObject): string {
  return `${text(object, 'kind')} ${text(member(object, 'metadata'), 'name')}`
}

function routed(pool: string): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: routed
  annotations: {metallb.io/address-pool: ${pool}}
spec: {type: LoadBalancer, ports: [{port: 80}]}
`
}

function manifest(kind: string, name: string, spec: string): string {
  return `apiVersion: metallb.io/v1beta1
kind: ${kind}
metadata: {name: ${name}, namespace: ${metallbNamespace}}
spec: {${spec}}
`
}

await test("the guide's BGP example on a real cluster", async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const metallb = await cluster.startMetalLB()
  const webhook = await cluster.startMetalLBWebhook()
  await startPoolguard(cluster)
  const shown = startTranscript(cluster)
  const objects = objectsOf(values)
  suite.same(
    objects,
    objectsOf(objectsFile),
    'the values make the objects of manifests/examples/good/bgp.yaml'
  )

  await suite.test("MetalLB's own webhook accepts each object", async t => {
    t.equal(objects.length, 6)
    for (const object of objects) {
      t.same(
        await webhook.review(reviewOf(object, undefined)),
        { allowed: true, message: '' },
        nameOf(object)
      )
    }
  })

  await suite.test('poolguard lets them all in, with a warning about the order', async t => {
    shown.file(undefined, 'bgp.yaml', readFileSync(objectsFile, 'utf8'))
    const { code, stderr } = await shown.kubectl('bgp', 'apply -f bgp.yaml')
    t.equal(code, 0, stderr)
    for (const line of stderr.trimEnd().split('\n')) t.match(line, /^Warning: .*(yet|until)/)
  })

  await suite.test('a Service gets an address of the pool', async t => {
    shown.file('bgp', 'service.yaml', routed('bgp-pool'))
    await shown.kubectl('bgp', 'apply -f service.yaml')
    const path = '.status.loadBalancer.ingress[0].ip'
    const address = await waitUntil('an address', () =>
      cluster.mustKubectl(['get', 'service/routed', '-o', `jsonpath={${path}}`])
    )
    t.match(address, /^10\.20\.0\.(6[4-9]|[789]\d|1[01]\d|12[0-7])$/, 'in 10.20.0.64/26')
    await shown.kubectl('bgp', `get service routed -o custom-columns=NAME:.metadata.name,ADDRESS:${path}`)
  })

  await suite.test("MetalLB's controller and its speakers take the configuration as a whole", async t => {
    t.match(metallb.log(), /"event":"config reloaded"/)
    t.notMatch(metallb.log(), /failed to parse the configuration/)
    t.equal(await webhook.configurationError(), '')
    const kinds = 'bfdprofiles,bgpadvertisements,bgppeers,communities,ipaddresspools'
    const listed: unknown = JSON.parse(
      await cluster.mustKubectl(['get', kinds, '-n', metallbNamespace, '-o', 'json'])
    )
    const stored = isJsonObject(listed) ? items(listed, 'items') : []
    t.equal(stored.length, objects.length)
    for (const object of stored) {
      const verdict = await webhook.review(reviewOf(object, object))
      t.same(verdict, { allowed: true, message: '' }, `${nameOf(object)} beside the others`)
    }
  })

  await suite.test('what does not go together with BGP is refused', async t => {
    const denied = async (part: string, name: string, yaml: string, says: RegExp): Promise<void> => {
      shown.file(part, `${name}.yaml`, yaml)
      const { code, stderr } = await shown.kubectl(part, `apply -f ${name}.yaml`)
      t.equal(code, 1)
      t.match(stderr, says)
    }
    const unallocated = [
      manifest('BGPAdvertisement', 'far-adv', 'ipAddressPools: [far-pool]'),
      manifest('IPAddressPool', 'far-pool', 'addresses: [10.21.0.0/28]')
    ].join('---\n')
    await denied('unallocated', 'far', unallocated, /10\.21\.0\.0\/28 .*\[pool-unallocated\]/)
    const everything = manifest('L2Advertisement', 'everything', '')
    await denied('l2', 'everything', everything, /kmetal-metallb\/bgp-pool.*\[advertisement-off-subnet\]/)
    const blocks = [
      manifest('BGPAdvertisement', 'blocks', 'ipAddressPools: [narrow], aggregationLength: 24'),
      manifest('IPAddressPool', 'narrow', 'addresses: [10.20.0.128-10.20.0.150]')
    ].join('---\n')
    await denied('aggregation', 'blocks', blocks, /10\.20\.0\.128-10\.20\.0\.150 .*\[advertisement-syntax\]/)
  })

  await suite.test('the documentation shows all of this as it is', async t => {
    for (const part of shown.parts) {
      t.equal(documentPart(document, `transcript ${part}`, shown.part(part)), shown.part(part), part)
    }
  })
})
