import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { run } from '../../src/cli/run.ts'
import { loadPolicies } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { Mount, planText, policyText } from './reload/policy-sets.ts'

const PLAN = planText('192.168.1.2-192.168.1.99')

async function manifests(...args: readonly string[]) {
  let stdout = ''
  let stderr = ''
  const code = await run(['manifests', ...args], {
    stdout: text => void (stdout += text),
    stderr: text => void (stderr += text),
    isTerminal: false,
    stdin: async () => ''
  })
  const objects = parseAllDocuments(stdout).map(document => document.toJS() as Record<string, unknown>)
  return { code, stdout, stderr, objects }
}

/** The data of a printed ConfigMap. */
function dataOf({ data }: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return isRecord(data)
    ? Object.fromEntries(Object.entries(data).map(([key, text]) => [key, String(text)]))
    : {}
}

await test('the ConfigMap that is printed loads to the same digest once it is mounted, and says it', async t => {
  const tricky = '# |\n\n  \t\n' + policyText('p', '{actions: {pool-overlap: warn}}') + '\n\n'
  const dir = t.testdir({
    'plan.yaml': PLAN,
    'b.yml': tricky,
    '.c.yaml': policyText('c', '{}'),
    'README.md': 'no policy'
  })
  const { digest } = loadPolicies([dir])
  const { code, stderr, objects } = await manifests('--policies', dir, '--only', 'policies')
  t.equal(code, 0)
  t.equal(stderr, `policies ${digest}\n`)
  t.equal(objects.length, 1)
  const [configMap = {}] = objects
  t.match(configMap, {
    kind: 'ConfigMap',
    metadata: {
      name: 'poolguard-policies',
      namespace: 'poolguard',
      annotations: { 'poolguard.io/policies-digest': digest }
    },
    immutable: undefined
  })
  t.same(Object.keys(dataOf(configMap)).toSorted(), ['.c.yaml', 'b.yml', 'plan.yaml'])
  const mount = new Mount(join(dir, 'mounted'))
  mount.replace(dataOf(configMap))
  t.equal(loadPolicies([mount.path]).digest, digest)
})

await test('an immutable ConfigMap is named by its digest, and the Pods are pinned to it', async t => {
  const dir = t.testdir({ 'plan.yaml': PLAN })
  const { digest } = loadPolicies([dir])
  const { objects } = await manifests('--policies', dir, '--immutable-policies')
  const name = `poolguard-policies-${digest.slice(7, 17)}`
  t.match(
    objects.find(one => one['kind'] === 'ConfigMap' && one['data'] !== undefined),
    { metadata: { name }, immutable: true }
  )
  const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'))
  t.match(deployment, `"configMap":{"name":"${name}"}`)
  t.match(deployment, `"--require-digest=${digest}"`)
  const plain = await manifests('--policies', dir, '--only', 'deployment')
  t.match(plain.stdout, 'name: poolguard-policies\n')
  t.notMatch(plain.stdout, /require-digest|sha256/, 'Pods that follow need no restart when policies change')
})

await test('--only prints the parts that are named, in their order, and --output writes no others', async t => {
  const dir = t.testdir({ policies: { 'plan.yaml': PLAN } })
  const policies = join(dir, 'policies')
  const { objects } = await manifests('--policies', policies, '--only', 'webhooks', 'policies')
  t.same(
    objects.map(({ kind }) => kind),
    ['ConfigMap', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']
  )
  const floor = await manifests('--policies', policies, '--only', 'floor')
  t.ok(
    floor.objects.length > 0 &&
      floor.objects.every(({ kind }) => String(kind).startsWith('ValidatingAdmission'))
  )
  const { stderr } = await manifests(
    '--policies',
    policies,
    '--only',
    'policies',
    '--output',
    join(dir, 'out')
  )
  t.match(stderr, /^policies sha256:.*\nwrote .*policies\.yaml\n$/)
  t.match(await manifests('--only', 'policy'), {
    code: 2,
    stderr: /Allowed choices are deployment, rbac, policies/
  })
})

await test('files that could be no keys, or that serve would not read there, are told with a name that would do', async t => {
  const dir = t.testdir({
    one: { 'my plan.yaml': PLAN, 'ümlaut.yaml': policyText('p', '{}'), '..b.yaml': '#' },
    'extra.txt': policyText('x', '{}')
  })
  const { code, stdout, stderr } = await manifests(
    '--policies',
    join(dir, 'one'),
    '--policies',
    join(dir, 'extra.txt')
  )
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(
    stderr,
    /my plan\.yaml: "my plan\.yaml" cannot be a key of a ConfigMap: rename it, such as to my-plan\.yaml\n/
  )
  t.match(stderr, /"\.\.b\.yaml" cannot be a key of a ConfigMap: rename it, such as to b\.yaml\n/)
  t.match(stderr, /ümlaut\.yaml: .*such as to mlaut\.yaml\n/)
  t.match(
    stderr,
    /extra\.txt: `serve` reads \*\.yaml and \*\.yml of a mounted ConfigMap: .*such as to extra\.txt\.yaml\n/
  )
})

await test('files of one name in two folders keep keys of their own, or are refused', async t => {
  const dir = t.testdir({ a: { 'x.yaml': PLAN }, b: { 'x.yaml': policyText('p', '{}') } })
  const [a, b] = [join(dir, 'a'), join(dir, 'b')]
  const { objects } = await manifests('--policies', a, '--policies', b, '--only', 'policies')
  t.same(
    Object.keys(dataOf(objects[0] ?? {})).map(key => key.slice(-8)),
    ['a-x.yaml', 'b-x.yaml']
  )
  mkdirSync(join(dir, 'a+'))
  writeFileSync(join(dir, 'a+/x.yaml'), policyText('q', '{}'))
  mkdirSync(join(dir, 'a ='))
  writeFileSync(join(dir, 'a =/x.yaml'), policyText('r', '{}'))
  const clash = await manifests(
    '--policies',
    a,
    '--policies',
    join(dir, 'a+'),
    '--policies',
    join(dir, 'a =')
  )
  t.match(clash, {
    code: 2,
    stderr: /a =\/x\.yaml: its key \S+-a-x\.yaml is that of .*a\+\/x\.yaml too: rename one/
  })
})

await test('what a ConfigMap cannot hold is refused with the biggest files, and what annotations cannot is warned of', async t => {
  const comment = (bytes: number) => `#${'x'.repeat(bytes - 2)}\n`
  const dir = t.testdir({
    'plan.yaml': PLAN,
    'a.yaml': comment(500_000),
    'b.yaml': comment(448_000),
    'c.yaml': comment(100_010)
  })
  const left = 1_048_576 - 1_048_010 - Buffer.byteLength(PLAN)
  writeFileSync(join(dir, 'd.yaml'), comment(left))
  const full = await manifests('--policies', dir, '--only', 'policies')
  t.equal(full.code, 0, 'exactly 1 MiB')
  t.match(full.stderr, /apply policies\.yaml with `kubectl apply --server-side`: .* 262144 bytes/)
  writeFileSync(join(dir, 'd.yaml'), comment(left + 1))
  const over = await manifests('--policies', dir, '--only', 'policies')
  t.match(over, { code: 2, stdout: '' })
  t.match(
    over.stderr,
    /the policies are 1048577 bytes and a ConfigMap holds 1048576; the biggest files are \S+a\.yaml \(500000\), \S+b\.yaml \(448000\), \S+c\.yaml \(100010\)/
  )
  const small = t.testdir({ 'plan.yaml': PLAN + comment(240_000) })
  t.notMatch((await manifests('--policies', small, '--only', 'policies')).stderr, 'server-side')
})

await test('rules --digest prints the digest alone, and check --format json has it', async t => {
  let stdout = ''
  const io = {
    stdout: (text: string) => void (stdout += text),
    stderr: () => {},
    isTerminal: false,
    stdin: async () => ''
  }
  t.equal(await run(['rules', '--digest', '--policies', 'policies'], io), 0)
  const { digest } = loadPolicies(['policies'])
  t.equal(stdout, `${digest}\n`)
  stdout = ''
  await run(['check', '--format', 'json', 'manifests/examples/good/pool-cidr.yaml'], io)
  t.match(JSON.parse(stdout), { policies: digest })
  t.match(readFileSync('manifests/policies.yaml', 'utf8'), `poolguard.io/policies-digest: ${digest}\n`)
})
