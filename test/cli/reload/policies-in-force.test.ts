import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { UnusableError } from '../../../src/cli/io.ts'
import { loadPolicies } from '../../../src/cli/policies.ts'
import { PoliciesInForce } from '../../../src/cli/reload/policies-in-force.ts'
import { readPolicies } from '../../../src/cli/reload/reading.ts'
import { planText, policyText } from './policy-sets.ts'

const PLAN = planText('192.168.1.2-192.168.1.99')

interface Scene {
  readonly dir: string
  readonly policies: PoliciesInForce
  readonly offer: () => ReturnType<PoliciesInForce['offer']>
  /** The lines of /readyz?verbose. */
  readonly lines: () => readonly string[]
}

function scene(t: Test, files: Readonly<Record<string, string>>, required?: string): Scene {
  const dir = t.testdir(files)
  let nowMs = Date.parse('2026-11-25T12:00:00Z')
  const now = () => (nowMs += 1_000)
  const policies = new PoliciesInForce(readPolicies([dir]), { required, now })
  return {
    dir,
    policies,
    offer: () => policies.offer(readPolicies([dir])),
    lines: () => policies.checks().map(({ name, ok, detail }) => `${ok ? '+' : '-'}${name} ${detail}`)
  }
}

await test('row 51: a broken policy file leaves the set before it in force, and is told with its place', async t => {
  const { dir, policies, offer, lines } = scene(t, { 'plan.yaml': PLAN })
  const before = policies.snapshot()
  t.same(lines(), [`+policies ${before.digest}`])
  writeFileSync(join(dir, 'plan.yaml'), PLAN.replace('nodeSubnets', 'nodeSubnet').replace('.99', '.999'))
  writeFileSync(join(dir, 'more.yaml'), policyText('more', '{actions: {pool-overlapp: off}}'))
  const rejected = offer()
  t.match(rejected, {
    outcome: 'rejected',
    problem: /more\.yaml:4:18: .*pool-overlap.*\n.*plan\.yaml:5:3: .*nodeSubnets/
  })
  t.equal(policies.snapshot(), before, 'all of it')
  const [line = ''] = lines()
  t.match(line, `+policies ${before.digest} of 2026-11-25T12:00:01.000Z stay in force; `)
  t.match(line, /the files as they are now are not taken: .*more\.yaml:4:18: .* \(and 2 more\)$/)
  t.same(policies.facts(), {
    digest: before.digest,
    loadedMs: Date.parse('2026-11-25T12:00:01Z'),
    isRejecting: true,
    isRegistrationOutdated: false
  })
  writeFileSync(join(dir, 'plan.yaml'), PLAN)
  rmSync(join(dir, 'more.yaml'))
  t.match(offer(), { outcome: 'loaded', digest: before.digest }, 'mended')
  t.match(policies.facts(), { isRejecting: false, loadedMs: Date.parse('2026-11-25T12:00:02Z') })
  t.same(lines(), [`+policies ${before.digest}`])
})

await test('row 53: no files, an emptied one, no folder and a set without a plan are never "no rules"', async t => {
  const strict = policyText('strict', '{services: {allowedTypes: [ClusterIP]}}')
  const { dir, policies, offer } = scene(t, { 'plan.yaml': PLAN, 'strict.yaml': strict })
  const before = policies.snapshot()
  const states: readonly (readonly [string, () => void, RegExp])[] = [
    ['emptied', () => writeFileSync(join(dir, 'plan.yaml'), ''), /there is no NetworkPlan/],
    ['comments alone', () => writeFileSync(join(dir, 'plan.yaml'), '# later\n'), /there is no NetworkPlan/],
    ['without the plan', () => rmSync(join(dir, 'plan.yaml')), /there is no NetworkPlan/],
    ['without files', () => rmSync(join(dir, 'strict.yaml')), /no \*\.yaml in /],
    ['without the folder', () => rmSync(dir, { recursive: true }), /cannot read policies .*ENOENT/]
  ]
  for (const [name, act, problem] of states) {
    act()
    t.match(offer(), { outcome: 'rejected', problem }, name)
    t.equal(policies.snapshot(), before, name)
    t.ok(policies.facts().isRejecting, name)
  }
  mkdirSync(dir)
  writeFileSync(join(dir, 'plan.yaml'), PLAN)
  t.match(offer(), { outcome: 'loaded' }, 'a set that is whole is taken, also a wider one')
  t.not(policies.snapshot().digest, before.digest)
})

await test('row 52: at the start there must be a valid set, of the required digest', async t => {
  const dir = t.testdir({ 'plan.yaml': PLAN })
  const { digest } = loadPolicies([dir])
  const start = (path: string, required?: string) => () =>
    new PoliciesInForce(readPolicies([path]), { required, now: () => 0 })
  t.equal(start(dir, digest)().snapshot().digest, digest)
  const other = `sha256:${'0'.repeat(64)}`
  t.throws(
    start(dir, other),
    new UnusableError(
      `the policies are ${digest}, and --require-digest asks for ${other}: give it the digest that \`poolguard rules --digest\` prints for what was reviewed, or the policies that it was printed for`
    )
  )
  t.throws(start(join(dir, 'none')), { message: /^cannot read policies/ })
  writeFileSync(join(dir, 'plan.yaml'), 'kind: NetworkPlan\n')
  t.throws(start(dir), { message: /plan\.yaml:1:1: apiVersion: / })
})

await test('with a required digest another set is kept out, and the same one in other words is let in', async t => {
  const text = policyText('p', '{actions: {pool-overlap: warn, pool-unusable: audit}}')
  const dir = t.testdir({ 'plan.yaml': PLAN, 'p.yaml': text })
  const { digest } = loadPolicies([dir])
  const policies = new PoliciesInForce(readPolicies([dir]), { required: digest, now: () => 0 })
  const offer = () => policies.offer(readPolicies([dir]))
  writeFileSync(join(dir, 'p.yaml'), text.replace('warn', 'off'))
  t.match(offer(), { outcome: 'rejected', problem: /--require-digest asks for sha256:/ })
  t.equal(policies.snapshot().digest, digest)
  rmSync(join(dir, 'p.yaml'))
  const words = 'spec:\n  actions:\n    # the same\n    pool-unusable: "audit"\n    pool-overlap: warn\n'
  const head = 'kind: ExposurePolicy\napiVersion: poolguard.io/v1alpha1\nmetadata: {name: p}\n'
  writeFileSync(join(dir, 'plan.yaml'), `${head}${words}---\n${PLAN}---\n# nothing\n`)
  t.match(offer(), { outcome: 'loaded', digest })
})

await test('policies that ask for another registration than those of the start are told of by webhook', async t => {
  const { dir, offer, policies, lines } = scene(t, { 'plan.yaml': PLAN })
  writeFileSync(join(dir, 'p.yaml'), policyText('p', '{actions: {pool-overlap: warn}}'))
  t.match(offer(), { outcome: 'loaded', webhooks: [] })
  t.equal(policies.facts().isRegistrationOutdated, false)
  // ClusterIP Services are asked about from now on, which are not by default.
  writeFileSync(join(dir, 'p.yaml'), policyText('p', '{services: {allowedTypes: [LoadBalancer]}}'))
  const loaded = offer()
  const webhooks = ['other-services', 'tenant-services-1', 'tenant-services-2'].map(
    one => `${one}.poolguard.io`
  )
  t.match(loaded, { outcome: 'loaded', webhooks })
  t.equal(policies.facts().isRegistrationOutdated, true)
  t.match(lines()[1], /^\+registration apply `poolguard manifests` again: .*services.* would differ/)
  rmSync(join(dir, 'p.yaml'))
  t.match(offer(), { outcome: 'loaded', webhooks: [] }, 'back to what it was')
  t.equal(policies.facts().isRegistrationOutdated, false)
})
