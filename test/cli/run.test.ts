import { existsSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

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
    [['check', '--policies', 'nowhere', OVERLAP], /cannot read policies: .*nowhere/],
    [['explain', 'pool-overlaps'], /there is no rule or document kind "pool-overlaps"/],
    [['test', 'policies'], /no PolicyTest in policies/],
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

await test('a broken policy names file, line and column, and nothing starts', async t => {
  const dir = t.testdir({
    'plan.yaml':
      'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: x}\nspec:\n  nodeSubnet: [192.168.1.0/24]\n'
  })
  const { code, stderr } = await poolguard(['serve', '--policies', dir, ...INVENTORY])
  t.equal(code, 2)
  t.match(stderr, /plan\.yaml:5:3: spec\.nodeSubnet: unknown key\. Hint: .*nodeSubnets/)
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
