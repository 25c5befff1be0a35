import { join } from 'node:path'
import { test } from 'tap'

import { floorManifests } from '../../../src/admission/floor/manifests.ts'
import { rawObject } from '../../../src/admission/raw-object.ts'
import { runSuite } from '../../../src/admission/suite.ts'
import { loadSuites } from '../../../src/cli/suites.ts'
import type { LoadedSuite } from '../../../src/cli/suites.ts'
import type { PolicyTest, PolicyTestCase } from '../../../src/policy/policy-test.ts'
import { RULES } from '../../../src/rules/index.ts'
import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { requireCommand } from '../command.ts'
import { floorCluster, namespacesOf, nobodyAsked } from '../floor.ts'
import type { FloorAnswer } from '../floor.ts'
import { program } from '../locations.ts'
import { startPoolguard } from '../poolguard.ts'
import { waitUntil } from '../process.ts'
import { documentPart, startTranscript } from '../transcript.ts'

/** Suites whose every case the floor decides as poolguard does, each with its policies beside it. */
const equal = ['tenants', 'untrusted', 'tenant-cluster']

/** Rules of which the API server judges something by itself. */
const floorRules = RULES.map(({ id }) => id).filter(id => id.startsWith('service-'))

function isNamespace(json: unknown): boolean {
  return rawObject(json)?.ref.kind === 'Namespace'
}

/** Writes of Services that the API server here can be sent: what is stored before comes with the case. */
function isReplayed({ request }: PolicyTestCase): boolean {
  const isService = rawObject(request.object)?.ref.kind === 'Service'
  return (
    isService &&
    (request.operation === 'CREATE' || (request.operation === 'UPDATE' && request.oldObject !== undefined))
  )
}

/** A namespace that the suite lacks is one that poolguard has not seen yet; the API server always has. */
function isInSuite({ existing, request }: PolicyTestCase, { spec }: PolicyTest): boolean {
  const { namespace } = rawObject(request.object)?.ref ?? { namespace: '' }
  return [...existing, ...spec.existing].some(
    json => isNamespace(json) && rawObject(json)?.ref.name === namespace
  )
}

/** Rules that the API server judges as a whole, so that it must refuse by itself what poolguard refuses by one of them. */
const whole = ['service-type', 'service-class', 'service-port', 'service-source-ranges']

/** Of these rules, those by which poolguard denies the case. */
async function denying(
  { suite, snapshot }: LoadedSuite,
  testCase: PolicyTestCase,
  rules: readonly string[]
): Promise<readonly string[]> {
  const denies = async (rule: string): Promise<boolean> => {
    const alone = { ...testCase, expect: { allowed: false, rules: [rule], exactly: false } }
    const [result] = await runSuite({ ...suite, spec: { ...suite.spec, cases: [alone] } }, snapshot)
    return result?.failures.length === 0
  }
  const found = await Promise.all(rules.map(denies))
  return rules.filter((_, i) => found[i])
}

/** The case with its object as the API server would store it. */
function asStored(testCase: PolicyTestCase, { object }: FloorAnswer): PolicyTestCase {
  const request = { ...testCase.request, object: { apiVersion: 'v1', kind: 'Service', ...object } }
  return object === undefined ? testCase : { ...testCase, request }
}

function objectsOf({ snapshot }: LoadedSuite) {
  const client = { service: { namespace: 'poolguard', name: 'poolguard', port: 443 } }
  const { plan, exposures } = snapshot
  return floorManifests({ rules: RULES, plan, exposures, client, nowMs: Date.now() }).objects
}

/** What the checker of kube-controller-manager, which does not run here, would write into their status.typeChecking. */
async function typeWarnings(cluster: Cluster, policies?: string): Promise<string> {
  const input = policies ?? (await cluster.mustKubectl(['get', 'validatingadmissionpolicies', '-o', 'json']))
  const env = { KUBECONFIG: cluster.kubeconfig('admin') }
  return requireCommand(program('typecheck-policies'), [], { input, env })
}

const inExternal = { 'ovn.kubernetes.io/logical_switch': 'external' }

function pod(annotations: Readonly<Record<string, string>>): object {
  const spec = { containers: [{ name: 'web', image: 'registry.example/web' }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', annotations }, spec }
}

type PodCase = {
  readonly name: string
  readonly namespace: string
  readonly annotations: Readonly<Record<string, string>>
  readonly user: string
  readonly denied: boolean
}

function podCase(
  name: string,
  annotations: PodCase['annotations'],
  denied: boolean,
  by: Partial<PodCase> = {}
): PodCase {
  return { name, namespace: 'acme-web', annotations, user: 'alice', denied, ...by }
}

/** Nearly as many as the API server takes (256 KiB in all). */
const many = Object.fromEntries(
  Array.from({ length: 4000 }, (_, i) => [`example.com/annotation-number-${i}`, 'x'.repeat(20)])
)

/** Subnets external and beta-ext are the plan's, 198.51.100.0/24 is what it says its providers route. */
const podCases: readonly PodCase[] = [
  podCase('no annotation', {}, false),
  podCase('a provider Subnet', inExternal, true),
  podCase("another tenant's provider Subnet", { 'ovn.kubernetes.io/logical_switch': 'beta-ext' }, true),
  podCase('one with blanks', { 'ovn.kubernetes.io/logical_switch': ' external ' }, true),
  podCase('for a further network', { 'net.acme-web.ovn.kubernetes.io/logical_switch': 'external' }, true),
  podCase("the tenant's own Subnet", { 'ovn.kubernetes.io/logical_switch': 'acme-workers' }, false),
  podCase('a key that Kube-OVN does not read', { 'example.com/logical_switch': 'external' }, false),
  podCase(
    'an address that providers route',
    { 'ovn.kubernetes.io/ip_address': '10.1.0.5,198.51.100.7' },
    true
  ),
  podCase('one as IPv4-mapped IPv6', { 'ovn.kubernetes.io/ip_address': '::ffff:198.51.100.7' }, true),
  podCase('one in a list', { 'net.acme-web.ovn.kubernetes.io/ip_pool': '10.1.0.5; 198.51.100.7' }, true),
  podCase("an address of the tenant's own", { 'ovn.kubernetes.io/ip_address': '10.1.0.5' }, false),
  podCase('an IPPool by name', { 'ovn.kubernetes.io/ip_pool': 'acme-pool' }, false),
  podCase('four thousand annotations', many, false),
  podCase('four thousand annotations and a provider Subnet', { ...many, ...inExternal }, true),
  podCase('by the ReplicaSet controller', inExternal, true, {
    user: 'system:serviceaccount:kube-system:replicaset-controller'
  }),
  podCase('by an administrator', inExternal, true, { user: 'root' }),
  podCase("by Kube-OVN's controller", inExternal, false, { user: 'system:serviceaccount:kube-system:ovn' }),
  podCase("in the platform's namespace", inExternal, false, { namespace: 'infra' }),
  podCase('in a namespace that belongs to nobody', inExternal, true, { namespace: 'nobody-web' })
]

/** A Service in the tenant's namespace, as short as YAML allows. */
function service(spec: string, annotations = ''): string {
  return `apiVersion: v1
kind: Service
metadata: {name: shop, namespace: acme-web${annotations === '' ? '' : `, annotations: {${annotations}}`}}
spec: {${spec}}
`
}

const ports = 'ports: [{port: 80}]'
const documented = new Map([
  ['type', service(`type: NodePort, ${ports}`)],
  ['external-ips', service(`externalIPs: [203.0.113.4, 192.168.1.10], ${ports}`)],
  ['pool', service(`type: LoadBalancer, ${ports}`, 'metallb.io/address-pool: platform-pool')],
  [
    'pod',
    `apiVersion: v1
kind: Pod
metadata: {name: tap, namespace: acme-web, annotations: {ovn.kubernetes.io/logical_switch: external}}
spec: {containers: [{name: tap, image: registry.example/tap}]}
`
  ]
])

await test('the floor on a real API server', async suite => {
  const cluster = await startCluster({
    apiServerFlags: ['--service-cluster-ip-range=10.96.0.0/16,fd00:96::/112']
  })
  suite.teardown(() => cluster.stop())
  const floor = floorCluster(cluster)
  suite.teardown(() => floor.close())
  await floor.openRbac()

  for (const name of equal) {
    const [loaded] = loadSuites([join('test/floor', name, 'cases.yaml')], [])
    if (loaded === undefined) continue
    const { cases, existing } = loaded.suite.spec

    await suite.test(`${name}: poolguard and the API server by itself decide alike`, async t => {
      await floor.install([])
      await cluster.apply(existing)
      const poolguard = await startPoolguard(cluster, { policies: join('test/floor', name, 'policies') })
      const asked: FloorAnswer[] = []
      for (const testCase of cases) asked.push(await floor.replay(testCase))
      await poolguard.uninstall()
      await floor.install(objectsOf(loaded))
      t.equal(await typeWarnings(cluster), '', 'the types of all expressions are right')
      for (const [i, testCase] of cases.entries()) {
        const { allowed, rules = [] } = testCase.expect
        const byItself = await floor.replay(testCase)
        const verdict = allowed ? 'allowed' : 'denied'
        t.equal(asked[i]?.verdict, verdict, `${testCase.name}: poolguard: ${asked[i]?.message}`)
        t.equal(byItself.verdict, verdict, `${testCase.name}: the API server: ${byItself.message}`)
        for (const rule of rules) t.ok(asked[i]?.rules.includes(rule), `${testCase.name}: poolguard: ${rule}`)
        t.same(byItself.rules, rules, `${testCase.name}: ${byItself.message}`)
      }
    })
  }

  await suite.test('of all cases of the rules the floor refuses none that poolguard lets pass', async t => {
    const tally = { allowed: 0, denied: 0, invalid: 0 }
    for (const loaded of loadSuites(
      floorRules.map(rule => join('test/rules', rule)),
      []
    )) {
      const { spec } = loaded.suite
      if (!spec.cases.some(isReplayed)) continue
      await floor.putNamespaces(namespacesOf(loaded.suite))
      await floor.install(objectsOf(loaded))
      for (const testCase of spec.cases.filter(one => isReplayed(one) && isInSuite(one, loaded.suite))) {
        const where = `${loaded.path}: ${testCase.name}`
        await floor.putNamespaces(testCase.existing.filter(isNamespace))
        const stored = asStored(testCase, await floor.replay(testCase, nobodyAsked))
        const said = await floor.replay(testCase)
        if (testCase.existing.some(isNamespace)) await floor.putNamespaces(namespacesOf(loaded.suite))
        tally[said.verdict]++
        if (said.verdict === 'invalid') {
          t.comment(`${where}: ${said.message}`)
        } else if (said.verdict === 'denied') {
          t.same(await denying(loaded, stored, said.rules), said.rules, `${where}: ${said.message}`)
        } else {
          t.same(await denying(loaded, stored, whole), [], where)
        }
      }
    }
    t.comment(JSON.stringify(tally))
    t.ok(tally.denied > 0 && tally.allowed > tally.invalid)
  })

  await suite.test('the checker of types finds a field that is not there', async t => {
    const policies = await cluster.mustKubectl(['get', 'validatingadmissionpolicies', '-o', 'json'])
    t.match(await typeWarnings(cluster, policies.replaceAll('.?type', '.?gates')), /undefined field 'gates'/)
  })

  const [tenants] = loadSuites(['test/floor/tenants/cases.yaml'], [])
  if (tenants === undefined) return

  await suite.test('Pods of tenants stay out of provider networks, whoever makes them', async t => {
    await floor.putNamespaces(namespacesOf(tenants.suite))
    await floor.install(objectsOf(tenants))
    for (const { name, namespace, annotations, user, denied } of podCases) {
      const request = { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, body: pod(annotations) }
      const { verdict, rules, message } = await floor.send(request, { username: user, groups: [] })
      t.equal(verdict, denied ? 'denied' : 'allowed', `${name}: ${message}`)
      t.same(rules, denied ? ['pod-provider-subnet'] : [], name)
    }
    const alice = { username: 'alice', groups: [] }
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { ...pod(inExternal), metadata: { labels: { app: 'web' }, annotations: inExternal } }
      }
    }
    const path = '/apis/apps/v1/namespaces/acme-web/deployments'
    const template = await floor.send({ method: 'POST', path, body: deployment }, alice)
    t.equal(template.verdict, 'allowed', `a template is not asked about: ${template.message}`)

    const args = ['apply', '--server-side', '-n', 'acme-web', '-f', '-']
    await cluster.mustKubectl(args, { user: 'kubeOvn', input: JSON.stringify(pod(inExternal)) })
    const relabelled = {
      ...pod(inExternal),
      metadata: { name: 'web', labels: { a: 'b' }, annotations: inExternal }
    }
    const put = { method: 'PUT', path: '/api/v1/namespaces/acme-web/pods/web' }
    const kept = await floor.send({ ...put, body: relabelled }, alice)
    t.equal(kept.verdict, 'allowed', `what Kube-OVN noted stays: ${kept.message}`)
    const more = pod({ ...inExternal, 'net.acme-web.ovn.kubernetes.io/logical_switch': 'beta-ext' })
    t.equal(
      (await floor.send({ ...put, body: more }, alice)).verdict,
      'denied',
      'what a tenant adds does not'
    )
  })

  await suite.test('while poolguard is down', async t => {
    const poolguard = await startPoolguard(cluster, { policies: 'test/floor/tenants/policies' })
    await poolguard.stop()
    const as = { username: 'alice', groups: [] }
    const create = (namespace: string, spec: object) => {
      const path = `/api/v1/namespaces/${namespace}/services`
      return floor.send(
        {
          method: 'POST',
          path,
          body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' }, spec }
        },
        as
      )
    }
    const open = { type: 'LoadBalancer', ports: [{ port: 23 }] }
    t.same(
      (await create('infra', open)).rules,
      ['service-port'],
      'a namespace in which the webhooks fail open'
    )
    const fine = { type: 'LoadBalancer', ports: [{ port: 80 }] }
    t.equal((await create('infra', fine)).verdict, 'allowed')
    t.match(
      (await create('acme-web', fine)).message,
      /failed calling webhook/,
      'one in which they fail closed'
    )
    await poolguard.uninstall()
    t.equal(
      (await create('acme-web', fine)).verdict,
      'allowed',
      'nothing is closed once the webhooks are gone'
    )
    t.same((await create('acme-web', open)).rules, ['service-port'])
  })

  await suite.test('large policies and large Services are still decided', async t => {
    const [loaded] = loadSuites(['test/floor/large/cases.yaml'], [])
    if (loaded === undefined) return
    await floor.install(objectsOf(loaded))
    for (const testCase of loaded.suite.spec.cases) {
      const { verdict, rules, message } = await floor.replay(testCase)
      t.equal(
        verdict,
        testCase.expect.allowed ? 'allowed' : 'denied',
        `${testCase.name}: ${message.slice(0, 300)}`
      )
      t.same(rules, testCase.expect.rules ?? [], testCase.name)
    }
  })

  await suite.test('docs/floor.md shows denials as they are', async t => {
    const output = join(cluster.directory, 'manifests')
    const args = ['dist/poolguard.js', 'manifests', '--vap', '--policies', 'test/floor/tenants/policies']
    await requireCommand(process.execPath, [...args, '--output', output])
    await floor.install([])
    await cluster.mustKubectl(['apply', '-f', join(output, 'floor.yaml')])
    await waitUntil('the floor', async () => {
      const path = '/api/v1/namespaces/acme-web/services'
      const body = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'shop' },
        spec: { type: 'NodePort', ports: [{ port: 80 }] }
      }
      const { verdict } = await floor.send({ method: 'POST', path, body }, { username: 'alice', groups: [] })
      return verdict === 'denied'
    })
    const shown = startTranscript(cluster)
    for (const [part, manifest] of documented) {
      shown.file(part, `${part}.yaml`, manifest)
      const said = await shown.kubectl(part, `apply -f ${part}.yaml`, 'alice')
      t.equal(said.code, 1, said.output)
      const document = documentPart('docs/floor.md', `transcript ${part}`, shown.part(part))
      t.equal(document, shown.part(part), part)
    }
    const fewer = [
      'dist/poolguard.js',
      'manifests',
      '--vap',
      '--policies',
      'test/floor/tenant-cluster/policies'
    ]
    await requireCommand(process.execPath, [...fewer, '--output', output])
    const kinds = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']
    const allowed = kinds.map(kind => `--prune-allowlist=admissionregistration.k8s.io/v1/${kind}`)
    const labelled = ['--prune', '-l', 'app.kubernetes.io/name=poolguard', ...allowed]
    await cluster.mustKubectl(['apply', '-f', join(output, 'floor.yaml'), ...labelled])
    const left = await cluster.mustKubectl(['get', 'validatingadmissionpolicies', '-o', 'name'])
    t.match(left, 'poolguard-service-type')
    t.notMatch(left, 'poolguard-pod-provider-subnet', 'what no longer belongs to it is gone')
  })
})
