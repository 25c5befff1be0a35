import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { runAudit, type AuditOptions } from '../../src/cli/audit.ts'
import { UnusableError } from '../../src/cli/io.ts'
import { FakeApiServer, kubeconfig, pool, sendList, sendStatus } from '../cluster-client/fake-api-server.ts'

const INVENTORY = ['manifests/examples/inventory']

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function audit(options: Partial<AuditOptions>): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const io = {
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
    isTerminal: false,
    stdin: async () => ''
  }
  const code = await runAudit({ policies: ['policies'], inventory: [], format: 'text', ...options }, io)
  return { code, stdout, stderr }
}

const MESS = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: b, namespace: kmetal-metallb}
spec:
  addresses:
  - 192.168.1.150-192.168.1.160
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: default-pool, namespace: kmetal-metallb}
spec: {addresses: [192.168.1.100-192.168.1.155]}
---
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: external}, spec: {cidrBlock: 10.5.204.0/24, vlan: v}}
`

void test('runAudit() passes the embedded inventory and tells how full its pools are', async t => {
  const { code, stdout, stderr } = await audit({ inventory: INVENTORY })
  t.equal(code, 0, stdout)
  t.match(stdout, /^POOL +SIZE .*\ndefault-pool +101 /m)
  t.match(stdout, /^192\.168\.1\.100-192\.168\.1\.250 +151 /m)
  t.match(stdout, /\n\d+ objects: 0 denied, .* 0 unchecked, .*\n$/)
  t.equal(stderr, '')
})

void test('runAudit() tells the position of both sides of an overlap', async t => {
  const dir = t.testdir({ 'mess.yaml': MESS })
  const path = join(dir, 'mess.yaml')
  const { code, stdout } = await audit({ inventory: [path] })
  t.equal(code, 1)
  const lines = stdout.split('\n').filter(line => line.includes('[pool-overlap]'))
  t.match(lines, [
    `${path}:6:5: DENIED IPAddressPool kmetal-metallb/b: spec.addresses[0] 192.168.1.150-192.168.1.160 shares 6 addresses with IPAddressPool kmetal-metallb/default-pool: 192.168.1.150-192.168.1.155.`,
    `${path}:11:20: DENIED IPAddressPool kmetal-metallb/default-pool: spec.addresses[0] 192.168.1.100-192.168.1.155 shares 6 addresses with IPAddressPool kmetal-metallb/b: 192.168.1.150-192.168.1.155.`
  ])
  t.equal(lines.length, 2)
})

void test('runAudit() judges by a proposal', async t => {
  const plan = readFileSync('policies/dc1.yaml', 'utf8')
  const dir = t.testdir({
    'dc1.yaml': plan.replaceAll('192.168.1.2-192.168.1.99', '192.168.1.2-192.168.1.120')
  })
  t.equal((await audit({ inventory: INVENTORY })).code, 0)
  const { code, stdout } = await audit({ inventory: INVENTORY, policies: [dir] })
  t.equal(code, 1)
  t.match(stdout, /DENIED IPAddressPool kmetal-metallb\/default-pool: .* \[pool-reserved-range\]/)
})

void test('runAudit() writes the other formats', async t => {
  const dir = t.testdir({ 'mess.yaml': MESS })
  const inventory = [join(dir, 'mess.yaml')]
  const json = await audit({ inventory, format: 'json' })
  t.match(JSON.parse(json.stdout), {
    errors: [],
    capacity: {
      pools: [
        { pool: 'b', size: 11 },
        { pool: 'default-pool', size: 56 }
      ]
    }
  })
  t.match(json.stderr, /^\d+ objects: 2 denied, /)
  const output = join(dir, 'out.sarif')
  t.equal((await audit({ inventory, format: 'sarif', output })).stdout, '')
  t.match(readFileSync(output, 'utf8'), '"id": "unknown-reference"')
  t.match((await audit({ inventory, format: 'junit' })).stdout, 'name="poolguard audit"')
})

void test("runAudit() prints what an edge NAT router's mappings lack, as a table the network team can apply", async t => {
  const dir = t.testdir({
    'plan.yaml': `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec:
  edgeRouter: {mode: edgeNAT, mappings: [{publicIP: 203.0.113.1, eip: 10.5.204.7}]}
  globalPool: {externalSubnets: [external], defaultExternalSubnet: external}
`,
    'eips.yaml': `
{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: external}, spec: {cidrBlock: 10.5.204.0/24, gateway: 10.5.204.1, vlan: v}}
---
{apiVersion: kubeovn.io/v1, kind: OvnEip, metadata: {name: svc-1}, spec: {externalSubnet: external, v4Ip: 10.5.204.8}}
`
  })
  const options = { inventory: [join(dir, 'eips.yaml')], policies: [join(dir, 'plan.yaml')] }
  const { stdout } = await audit(options)
  t.match(stdout, /^add     \?            10\.5\.204\.8  OvnEip svc-1  external$/m)
  t.match(stdout, /^remove  203\.0\.113\.1  10\.5\.204\.7 .*spec\.edgeRouter\.mappings\[0\]$/m)
  t.match(stdout, "2 of the edge router's mappings to change: 1 to add, 1 to remove\n")
  t.match(JSON.parse((await audit({ ...options, format: 'json' })).stdout), {
    edgeNat: { missing: [{ eip: '10.5.204.8', name: 'svc-1' }], stale: [{ publicIP: '203.0.113.1' }] }
  })
  t.notMatch((await audit({ inventory: options.inventory })).stdout, 'edge router')
})

void test('runAudit() needs one thing to audit', async t => {
  for (const options of [{}, { inventory: INVENTORY, kubeconfig: 'x' }]) {
    await t.rejects(audit(options), new UnusableError('give either --kubeconfig FILE or --inventory PATH'))
  }
  await t.rejects(audit({ kubeconfig: '/nowhere/config' }), UnusableError)
})

void test('runAudit() tells what a cluster holds, names its objects, and does not pass what it could not read', async t => {
  const fake = new FakeApiServer({
    list: call => {
      if (call.path.endsWith('/services')) sendStatus(call, 403, 'Forbidden')
      else if (call.path.endsWith('/ipaddresspools'))
        sendList(call, [pool('b', 3, ['10.0.0.1/32']), pool('a', 2, ['10.0.0.0/29']), pool('odd', 4, 5)], 10)
      else sendList(call, [], 10)
    }
  })
  const port = await fake.listen()
  t.teardown(() => fake.close())
  const dir = t.testdir({
    config: kubeconfig(`http://127.0.0.1:${port}`),
    'plan.yaml':
      'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\nspec: {metallb: {namespace: metallb-system}}\n'
  })
  const ran = await audit({ kubeconfig: join(dir, 'config'), policies: [join(dir, 'plan.yaml')] })
  t.equal(ran.code, 1)
  t.match(
    ran.stdout,
    /^IPAddressPool metallb-system\/a: DENIED spec.addresses\[0\] 10.0.0.0\/29 shares 1 address with IPAddressPool metallb-system\/b: 10.0.0.1\./m
  )
  t.match(ran.stdout, /^IPAddressPool metallb-system\/b: DENIED .*\[pool-overlap\]$/m)
  t.match(ran.stdout, /^IPAddressPool metallb-system\/odd: DENIED .*\[invalid-object\]$/m)
  t.match(
    ran.stdout,
    /^Service: UNCHECKED service-address-conflict, .*service-pool-not-granted.*: not known which Service objects there are$/m
  )
  t.match(ran.stdout, /^\?: not known which Service objects there are$/m)
  t.match(ran.stderr, /^poolguard: Service: forbidden: /m)
  t.notOk(
    fake.calls.some(({ method, sort }) => method !== 'GET' || sort === 'object'),
    'lists alone'
  )
})

void test('runAudit() does not pass a cluster that lets nothing be read', async t => {
  const fake = new FakeApiServer({ list: call => sendStatus(call, 403, 'Forbidden') })
  const port = await fake.listen()
  t.teardown(() => fake.close())
  const dir = t.testdir({ config: kubeconfig(`http://127.0.0.1:${port}`) })
  await t.rejects(audit({ kubeconfig: join(dir, 'config') }), UnusableError)
})

void test('runAudit() with a base tells only what a proposal changes', async t => {
  const plan = readFileSync('policies/dc1.yaml', 'utf8')
  const dir = t.testdir({ 'p.yaml': plan.replace('192.168.1.2-192.168.1.99', '192.168.1.2-192.168.1.120') })
  const proposal = [join(dir, 'p.yaml')]
  const refused = await audit({ inventory: INVENTORY, policies: proposal, base: 'policies' })
  t.equal(refused.code, 1)
  t.match(
    refused.stdout,
    /REFUSED IPAddressPool kmetal-metallb\/default-pool: .*\[pool-reserved-range\]\n1 object newly/
  )
  const freed = await audit({ inventory: INVENTORY, base: proposal[0] ?? '', format: 'json' })
  t.equal(freed.code, 0)
  t.match(JSON.parse(freed.stdout), {
    summary: { refused: 0, freed: 1 },
    objects: [{ refused: [], freed: [{ rule: 'pool-reserved-range' }] }]
  })
  const same = await audit({ inventory: INVENTORY, policies: proposal, base: proposal[0] ?? '' })
  t.match(same, { code: 0, stdout: /^0 objects newly refused, 0 freed, \d+ as before\n$/ })
  await t.rejects(audit({ inventory: INVENTORY, base: 'policies', format: 'sarif' }), UnusableError)
})
