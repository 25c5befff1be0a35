import ajvDraft04 from 'ajv-draft-04'
import formats from 'ajv-formats'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { run } from '../../src/cli/run.ts'

/**
 * schemas/sarif-2.1.0-rtm.5.json is the schema of the OASIS standard as @microsoft/jest-sarif 1.0.0-beta.0 (MIT) carries it;
 * nothing in it was changed.
 */
const schema: unknown = JSON.parse(readFileSync('test/report/schemas/sarif-2.1.0-rtm.5.json', 'utf8'))
const ajv = new ajvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false })
formats.default(ajv)
const isSarif = ajv.compile(schema as object)

interface Ran {
  readonly code: number
  readonly stdout: string
}

async function sarif(...args: readonly string[]): Promise<Ran> {
  let stdout = ''
  const collect = (text: string) => void (stdout += text)
  const io = { stdout: collect, stderr: () => {}, isTerminal: false, stdin: async () => '' }
  const code = await run([...args, '--format', 'sarif'], io)
  return { code, stdout }
}

interface Result {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly message: { readonly text: string }
  readonly locations: readonly {
    readonly physicalLocation?: { readonly region: { readonly startLine: number } }
  }[]
}

interface Log {
  readonly runs: readonly {
    readonly results: readonly Result[]
    readonly tool: {
      readonly driver: {
        readonly rules: readonly { readonly id: string; readonly help: { readonly text: string } }[]
      }
    }
  }[]
}

const logOf = (text: string) => JSON.parse(text) as Log

await test('every SARIF log is one by the schema of the standard, and each result has a rule with help', async t => {
  const dir = t.testdir({
    'broken.yaml':
      'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: a}\nspec:\n  nodeSubnet: [1]\n',
    'wide.yaml': readFileSync('policies/dc1.yaml', 'utf8').replace(
      '192.168.1.2-192.168.1.99',
      '192.168.1.2-192.168.1.9'
    ),
    'hostile.yaml': `{apiVersion: v1, kind: Service, metadata: {name: "a\\n::error::b\\e[31m\\u202e", namespace: "x"}, spec: {type: 7}}`
  })
  const commands = [
    ['check', 'manifests/examples/bad', '--inventory', 'manifests/examples/inventory'],
    ['check', 'manifests/examples/good'],
    ['check', join(dir, 'hostile.yaml')],
    ['check', '--policies', join(dir, 'broken.yaml')],
    ['check', join(dir, 'nowhere.yaml')],
    ['check', '--policies', join(dir, 'wide.yaml'), '--fail-on-widening', 'policies'],
    ['audit', '--inventory', 'manifests/examples/inventory']
  ]
  for (const command of commands) {
    const { stdout } = await sarif(...command)
    t.ok(isSarif(JSON.parse(stdout)), `${command.join(' ')}: ${ajv.errorsText(isSarif.errors)}`)
    for (const { results, tool } of logOf(stdout).runs)
      for (const { ruleId, ruleIndex } of results) {
        t.equal(tool.driver.rules[ruleIndex]?.id, ruleId)
        t.ok((tool.driver.rules[ruleIndex]?.help.text ?? '').length > 20, ruleId)
      }
  }
  t.notOk(isSarif({ version: '2.1.0' }), 'the schema asks for something')
})

await test('regions point at the line of the field, also for what is wrong with policies', async t => {
  const lines = [
    'apiVersion: poolguard.io/v1alpha1',
    'kind: NetworkPlan',
    'metadata: {name: a}',
    'spec:',
    '  nodeSubnet: [1]',
    '  reservedRanges:',
    '  - range: 10.0.0.0/33'
  ]
  const dir = t.testdir({ 'p.yaml': lines.join('\n') })
  const { code, stdout } = await sarif('check', '--policies', join(dir, 'p.yaml'))
  t.equal(code, 2)
  const [{ results } = { results: [] }] = logOf(stdout).runs
  t.same(
    results.map(one => [one.ruleId, one.locations[0]?.physicalLocation?.region.startLine]),
    [
      ['invalid-document', 5],
      ['invalid-document', 7]
    ]
  )
  t.match(results[0]?.message.text, /^spec\.nodeSubnet: unknown key\. Hint: did you mean "?nodeSubnets/)
  const pool = [
    'apiVersion: metallb.io/v1beta1',
    'kind: IPAddressPool',
    'metadata: {name: p, namespace: kmetal-metallb}',
    'spec:',
    '  addresses:',
    '  - 192.168.1.200/32',
    '  - 192.168.1.40/32'
  ]
  writeFileSync(join(dir, 'pool.yaml'), pool.join('\n'))
  const denied = logOf(
    (await sarif('check', join(dir, 'pool.yaml'), '--inventory', 'manifests/examples/inventory')).stdout
  )
  const at = denied.runs[0]?.results.find(one => one.ruleId === 'pool-reserved-range')
  t.equal(at?.locations[0]?.physicalLocation?.region.startLine, 7)
})

await test('no format hands a terminal or a CI system a command, stderr included', async t => {
  const dir = t.testdir({
    'a.yaml':
      '{apiVersion: v1, kind: Service, metadata: {name: "a\\n::error::b\\e[31m\\u202e", namespace: "x"}, spec: {type: 7}}',
    'b.yaml': 'apiVersion: poolguard.io/v1alpha1\nkind: "x\\n::error::y\\e[31m"\n'
  })
  for (const format of ['text', 'json', 'sarif', 'junit']) {
    let said = ''
    const collect = (text: string) => void (said += text)
    const io = { stdout: collect, stderr: collect, isTerminal: false, stdin: async () => '' }
    t.equal(await run(['check', join(dir, 'a.yaml'), '--format', format], io), 1)
    t.equal(await run(['check', '--policies', join(dir, 'b.yaml'), '--format', format], io), 2)
    t.equal(await run(['check', `${dir}/no\n::error::such\u001b[31m`, '--format', format], io), 2)
    t.equal(
      await run(['check', '--policies', `${dir}/no\n::error::such\u001b[31m`, '--format', format], io),
      2
    )
    if (format !== 'sarif')
      t.equal(
        await run(['test', join(dir, 'b.yaml'), '--policies', join(dir, 'b.yaml'), '--format', format], io),
        2
      )
    t.notMatch(said, /\p{Cf}|^\s*::/mu, format)
    t.notOk(said.includes('\u001b'), format)
  }
})

/** What the Surefire and Jenkins schemas ask for: elements in their places, and the attributes that readers sum up. */
await test('JUnit XML is in the shape its readers ask for', async t => {
  for (const args of [
    ['check', 'manifests/examples/bad', '--inventory', 'manifests/examples/inventory'],
    ['test', 'policies/tests'],
    ['test', 'policies/tests', '--policies', 'manifests/examples/bad', 'test/rules']
  ]) {
    let xml = ''
    const io = {
      stdout: (text: string) => void (xml += text),
      stderr: () => {},
      isTerminal: false,
      stdin: async () => ''
    }
    await run([...args, '--format', 'junit'], io)
    const open: string[] = []
    const counts = { testcase: 0, failure: 0, error: 0, skipped: 0 }
    const parents: Readonly<Record<string, readonly string[]>> = {
      testsuites: [''],
      testsuite: ['testsuites'],
      testcase: ['testsuite'],
      failure: ['testcase'],
      error: ['testcase'],
      skipped: ['testcase'],
      'system-out': ['testcase'],
      'system-err': ['testcase']
    }
    for (const [tag, close, name = '', attributes = '', self] of xml.matchAll(
      /<(\/?)([a-z-]+)((?:\s[\w-]+="[^"<]*")*)\s*(\/?)>/g
    )) {
      if (close === '/') {
        t.equal(open.pop(), name, tag)
        continue
      }
      if (parents[name]?.includes(open.at(-1) ?? '') !== true) t.fail(`${tag} in ${open.at(-1)}`)
      if (!isNamed(name, attributes)) t.fail(tag)
      if (Object.hasOwn(counts, name)) counts[name as keyof typeof counts]++
      if (self !== '/') open.push(name)
    }
    t.same(open, [], 'every element is closed')
    const total = (key: string) =>
      Number(new RegExp(`<testsuites [^>]*\\b${key}="(\\d+)"`).exec(xml)?.[1] ?? 0)
    t.ok(counts.testcase > 0)
    t.equal(total('tests'), counts.testcase)
    t.equal(total('errors') > 0, counts.error > 0)
    t.equal(total('skipped'), counts.skipped)
    t.equal(
      xml
        .replace(/<[^<>]*>/g, '')
        .replace(/&(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);/gi, '')
        .includes('&'),
      false,
      'entities alone'
    )
  }
})

function isNamed(name: string, attributes: string): boolean {
  return !['testsuite', 'testcase'].includes(name) || attributes.includes(' name="')
}
