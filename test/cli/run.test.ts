import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { manifestFiles } from '../../src/cli/manifests.ts'
import { run } from '../../src/cli/run.ts'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const SILENT = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }

async function poolguard(args: readonly string[], stdin = ''): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const code = await run(args, {
    stdout: text => void (stdout += text),
    stderr: text => void (stderr += text),
    isTerminal: false,
    stdin: async () => stdin
  })
  return { code, stdout, stderr }
}

const OVERLAP = 'manifests/examples/review-overlap.json'
const INVENTORY = ['--inventory', 'manifests/examples/inventory']

await test('run() ends with 2 and says what is wrong, and stdout stays empty', async t => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Usage: poolguard/],
    [['serv'], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [['check', '--polices', 'x', 'y'], /unknown option '--polices'\n\(Did you mean --policies\?\)/],
    [['check'], /missing required argument 'path'/],
    [['check', '--format', 'xml', 'x'], /Allowed choices are text, json, sarif, junit/],
    [['check', '--policies', 'nowhere', OVERLAP], /cannot read policies \(--policies\): .*nowhere/],
    [['check', '--policies', 'docs', OVERLAP], /no \*\.yaml in docs/],
    [['check', '--inventory', '-', OVERLAP], /not standard input/],
    [['check', '--inventory', 'policies/dc1.yaml', OVERLAP], /no objects that poolguard reads in policies/],
    [['explain', 'pool-overlaps'], /there is no rule or document kind "pool-overlaps"/],
    [['test', 'manifests/examples/guide'], /no PolicyTest in manifests/],
    [['review', 'nowhere.json'], /nowhere\.json/],
    [['review', '--server', 'localhost', OVERLAP], /--server "localhost" is no URL/],
    [
      ['review', '--server', 'https://127.0.0.1:1', OVERLAP],
      /https:\/\/127\.0\.0\.1:1\/validate: .*ECONNREFUSED/
    ],
    [['serve', '--listen', 'nowhere', ...INVENTORY], /--listen "nowhere" is not host:port/],
    [['serve', '--listen', '127.0.0.1:99999', ...INVENTORY], /is not host:port/],
    [['serve', '--tls-cert', 'x', ...INVENTORY], /--tls-cert and --tls-key go together/],
    [['serve', '--shutdown-delay', 'soon', ...INVENTORY], /not a whole number/],
    [['serve', '--kubeconfig', '/nowhere'], /\/nowhere/],
    [['serve', '--kubeconfig', '/nowhere', '--path-secret-file', 'nowhere.txt'], /nowhere\.txt/],
    [
      ['serve', '--path-secret-file', 'package.json', ...INVENTORY],
      /package\.json is no secret for the path: .*openssl rand -hex 32/
    ],
    [['serve', '--client-ca', 'package.json', ...INVENTORY], /package\.json is no PEM of a CA: it holds no/],
    [['manifests', '--ca', 'nowhere.crt'], /nowhere\.crt/]
  ]
  for (const [args, reason] of cases) {
    const { code, stdout, stderr } = await poolguard(args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, reason)
    t.equal(stdout, '', 'stdout is the result alone')
    t.notMatch(stderr, /internal fault/)
  }
})

await test('check judges the rest when a file cannot be read, and still ends with 2', async t => {
  const { code, stderr, stdout } = await poolguard([
    'check',
    'nowhere.yaml',
    ...INVENTORY,
    'manifests/examples/bad'
  ])
  t.equal(code, 2)
  t.match(stderr, /nowhere\.yaml: .*no such file/)
  t.match(stdout, /\[pool-overlap\]/)
})

await test('review answers a review from a file and from standard input', async t => {
  const denied = await poolguard(['review', ...INVENTORY, OVERLAP])
  t.equal(denied.code, 1)
  t.match(JSON.parse(denied.stdout), {
    response: { allowed: false, status: { code: 403, message: /\[pool-overlap\]/ } }
  })
  const piped = await poolguard(['review', ...INVENTORY], readFileSync(OVERLAP, 'utf8'))
  t.same(piped, denied)
  const mutated = await poolguard(['review', '--mutate', ...INVENTORY, OVERLAP])
  t.equal(mutated.code, 0)
})

await test('review refuses what is no review', async t => {
  for (const [text, reason] of [
    ['{bad', /not JSON/],
    ['', /not JSON/],
    ['[]', /not an AdmissionReview/],
    ['{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}', /uid is missing/]
  ] as const) {
    const { code, stderr } = await poolguard(['review', ...INVENTORY], text)
    t.equal(code, 2, text)
    t.match(stderr, reason)
  }
})

await test('review without an inventory says what that means', async t => {
  const { code, stdout, stderr } = await poolguard(['review', OVERLAP])
  t.equal(code, 1)
  t.match(stderr, /cannot be judged/)
  t.match(JSON.parse(stdout), { response: { status: { code: 503 } } })
})

await test('test prints the counts last and fails with a failing case', async t => {
  const good = await poolguard(['test', 'test/rules/pool-overlap'])
  t.equal(good.code, 0)
  t.match(good.stdout, /(^|\n)\d+ passed, 0 failed\n$/)
  const dir = t.testdir({
    'suite.yaml': `
apiVersion: poolguard.io/v1alpha1
kind: PolicyTest
metadata: {name: wrong}
spec:
  cases:
  - name: a pool in no namespace of MetalLB's passes
    request: {object: {apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: {name: a, namespace: x}, spec: {addresses: [192.168.1.120/32]}}}
    expect: {allowed: true}
`
  })
  const bad = await poolguard(['test', dir])
  t.equal(bad.code, 1)
  t.match(bad.stdout, /expected allowed true, got false: .*\[pool-wrong-namespace\]/)
  t.match(bad.stdout, /(^|\n)0 passed, 1 failed\n$/)
  for (const format of ['json', 'junit']) {
    t.match((await poolguard(['test', '--format', format, dir])).stdout, /pool-wrong-namespace/, format)
  }
})

await test('test refuses suites that could not fail', async t => {
  const suite = (cases: string, existing = '[]') => `
apiVersion: poolguard.io/v1alpha1
kind: PolicyTest
metadata: {name: vacuous}
spec:
  existing: ${existing}
  cases: ${cases}
`
  const pool =
    '{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: {name: a, namespace: kmetal-metallb}, spec: {addresses: 5}}'
  const typo =
    '[{name: x, request: {object: {apiVersion: metallb.io/v1beta1, kind: IPAddresPool, metadata: {name: a}}}, expect: {allowed: true}}]'
  const wrongRule =
    '[{name: x, request: {object: {apiVersion: v1, kind: Service, metadata: {name: a}}}, expect: {allowed: false, rules: [pool-overlp]}}]'
  const fine =
    '[{name: x, request: {object: {apiVersion: v1, kind: Namespace, metadata: {name: a}}}, expect: {allowed: true}}]'
  const dir = t.testdir({
    'empty.yaml': suite('[]'),
    'typo.yaml': suite(typo),
    'rule.yaml': suite(wrongRule),
    'stored.yaml': suite(fine, `[${pool}]`)
  })
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['empty.yaml', 2, /empty\.yaml:7:\d+: spec\.cases/],
    ['typo.yaml', 1, /typo\.yaml:7.*poolguard does not judge IPAddresPool/s],
    ['rule.yaml', 2, /rule\.yaml:7:\d+: .*"pool-overlp": no rule has this id\. Hint: .*pool-overlap/],
    ['stored.yaml', 1, /existing IPAddressPool kmetal-metallb\/a: spec\.addresses 5 is not an array/]
  ]
  for (const [name, code, reason] of cases) {
    const ran = await poolguard(['test', `${dir}/${name}`])
    t.equal(ran.code, code, name)
    t.match(ran.stdout + ran.stderr, reason, name)
  }
})

await test('a broken policy names file, line and column, and nothing starts', async t => {
  const dir = t.testdir({
    'plan.yaml':
      'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: x}\nspec:\n  nodeSubnet: [192.168.1.0/24]\n'
  })
  const { code, stderr } = await poolguard(['serve', '--policies', dir, ...INVENTORY])
  t.equal(code, 2)
  t.match(stderr, /plan\.yaml:5:3: spec\.nodeSubnet: unknown key\. Hint: .*nodeSubnets/)
})

await test('serve does not start for everybody on the network', async t => {
  const dir = t.testdir({ secret: `${'ab'.repeat(32)}\n`, weak: 'abc' })
  const CLUSTER = ['--kubeconfig', '/nowhere']
  for (const host of ['0.0.0.0', '[::]', '192.0.2.1', '128.0.0.1', '[::2]', 'localhost.example', '127.1']) {
    const { code, stderr } = await poolguard(['serve', '--listen', `${host}:8443`, ...CLUSTER])
    t.equal(code, 2, host)
    t.match(stderr, /nothing tells an API server .*--path-secret-file FILE .*--client-ca FILE, or listen on/)
  }
  // All of these get past that, to the kubeconfig that is not there.
  for (const host of ['127.0.0.1', '127.9.9.9', '[::1]', '[0:0:0:0:0:0:0:1]', 'localhost']) {
    const { code, stderr } = await poolguard(['serve', '--listen', `${host}:8443`, ...CLUSTER])
    t.equal(code, 2, host)
    t.notMatch(stderr, /nothing tells/, host)
  }
  const listen = ['serve', '--listen', '0.0.0.0:8443', ...CLUSTER]
  const proven = await poolguard([...listen, '--path-secret-file', join(dir, 'secret')])
  t.match(proven, { code: 2, stderr: /\/nowhere/ })
  t.notMatch(proven.stderr, /nothing tells|abab/)
  const weak = await poolguard([...listen, '--path-secret-file', join(dir, 'weak')])
  t.match(weak, { code: 2, stderr: /weak is no secret for the path: it holds 3 hex digits, not 64/ })
})

/** The values of a key anywhere in manifests. */
function valuesOf(key: string, value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...valuesOf(key, inner)
  ])
}

await test('manifests: Deployment, Secret and webhooks have one secret, kept in --certs', async t => {
  const certs = join(t.testdir(), 'certs')
  const options = { policies: [], namespace: 'guard', image: 'x', replicas: 1 }
  const files = await manifestFiles({ ...options, certs }, SILENT)
  const secret = readFileSync(join(certs, 'path-secret'), 'utf8').trim()
  t.match(secret, /^[0-9a-f]{64}$/)
  t.equal(statSync(join(certs, 'path-secret')).mode & 0o777, 0o600)
  const [data] = valuesOf('stringData', files)
  t.match(data, { 'path-secret': secret, 'tls.key': /PRIVATE/ })
  t.match(files[0]?.name, 'deployment.yaml')
  t.match(JSON.stringify(files[0]), '"--path-secret-file=/certs/path-secret"')
  t.same(valuesOf('secretName', files), ['poolguard-tls'])
  t.notMatch(JSON.stringify(files.slice(0, 2)), secret, 'only in the Secret and the paths')
  const webhooks = valuesOf('clientConfig', files)
  t.ok(webhooks.length > 3)
  for (const path of valuesOf('path', webhooks)) t.match(path, new RegExp(`^/${secret}/(validate|mutate)`))
  t.same(await manifestFiles({ ...options, certs }, SILENT), files, 'the second time nothing changes')
  const without = await manifestFiles(options, SILENT)
  for (const path of valuesOf('path', valuesOf('clientConfig', without)))
    t.match(path, /^\/path-secret-goes-here\/(v|m)/)
  t.same(valuesOf('stringData', without), [])
  const there = t.testdir({ 'path-secret': 'too short' })
  await t.rejects(
    manifestFiles({ ...options, certs: there }, SILENT),
    /path-secret is no secret for the path/
  )
})

await test('the Dockerfile copies what exists, runs as a number and starts what is built', async t => {
  const dockerfile = readFileSync('Dockerfile', 'utf8')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(match =>
    (match[1] ?? '').split(' ')
  )
  t.ok(copied.length >= 6)
  for (const path of copied) t.ok(existsSync(path), path)
  const ignored = readFileSync('.dockerignore', 'utf8')
  for (const path of copied) t.match(ignored, `!${path.replace('./', '')}`, `${path} reaches the builder`)
  t.match(dockerfile, /^FROM node:24/m)
  t.match(dockerfile, /^USER \d+:\d+$/m)
  t.match(dockerfile, /npm ci --ignore-scripts/)
  const [, out] = /--outfile=(\S+)/.exec(readFileSync('package.json', 'utf8')) ?? []
  t.ok(dockerfile.includes(`/src/${out ?? '?'}`), 'the bundle')
})

await test('two policy folders with files of one name keep both', async t => {
  const plan = readFileSync('policies/dc1.yaml', 'utf8').split('\n---\n')[0] ?? ''
  const exposure =
    'apiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: x}\nspec: {actions: {pool-overlap: warn}}\n'
  const dir = t.testdir({ net: { 'policy.yaml': plan }, sec: { 'policy.yaml': exposure } })
  const ran = await poolguard(['manifests', '--policies', `${dir}/net`, '--policies', `${dir}/sec`])
  t.equal(ran.code, 0)
  t.match(ran.stdout, /net-policy\.yaml: \|/)
  t.match(ran.stdout, /sec-policy\.yaml: \|/)
})

await test('new certificates are announced, kept ones are not', async t => {
  const certs = t.testdir()
  const first = await poolguard(['manifests', '--certs', certs])
  t.match(first.stderr, /made new certificates in .*: no certificate was there\. Callers must trust the new/)
  t.equal((await poolguard(['manifests', '--certs', certs])).stderr, '')
  t.match(
    (await poolguard(['manifests', '--certs', certs, '--namespace', 'netops'])).stderr,
    /made new certificates/
  )
})

await test('serve --ledger takes a cluster, and callers that prove themselves', async t => {
  for (const [args, reason] of [
    [['--kubeconfig', '/nowhere'], /--path-secret-file FILE or --client-ca FILE/],
    [['--inventory', 'manifests/examples/inventory'], /cannot go with --inventory/]
  ] as const) {
    const { code, stderr } = await poolguard(['serve', '--ledger', 'poolguard', ...args])
    t.equal(code, 2)
    t.match(stderr, reason)
  }
})
