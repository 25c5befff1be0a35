import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { registration } from '../src/admission/registration.ts'
import { loadPolicies } from '../src/cli/policies.ts'
import { run } from '../src/cli/run.ts'
import { fileText, manifestFiles } from '../src/cli/manifests.ts'
import { DOORS, doorTables } from '../src/cli/doors.ts'
import { ruleTable } from '../src/cli/rules.ts'
import { isRecord } from '../src/kinds/decode.ts'
import { VERSION } from '../src/cli/version.ts'
import { KIND_NAMES, KINDS } from '../src/kinds/index.ts'
import { jsonSchemas } from '../src/policy/json-schema.ts'
import { RULES } from '../src/rules/index.ts'

/** What stands between two markers of a document. */
function section(name: string, path = 'README.md'): string {
  const [, after = ''] = readFileSync(path, 'utf8').split(`<!-- ${name}:begin -->\n`)
  return after.split(`<!-- ${name}:end -->`)[0] ?? ''
}

const SILENT = { stdout: () => {}, stderr: () => {}, isTerminal: false, stdin: async () => '' }

async function output(...args: string[]): Promise<string> {
  let text = ''
  const collect = (chunk: string) => (text += chunk)
  await run(args, { stdout: collect, stderr: collect, isTerminal: false, stdin: async () => '' })
  return text
}

await test('the README shows the rules as they are', async t => {
  t.equal(section('rules'), `${ruleTable()}\n`)
})

await test('the README shows --help as it is', async t => {
  t.equal(section('help'), `\`\`\`\n${await output('--help')}\`\`\`\n`)
})

await test('docs/tenants.md shows every door as it is, and each rule about Services is in one', async t => {
  t.equal(section('doors', 'docs/tenants.md'), `${doorTables()}\n`)
  t.equal(await output('rules', '--format', 'tenants'), `${doorTables()}\n`)
  const named = new Set(DOORS.flatMap(({ rules }) => rules))
  t.same(
    [...named].toSorted(),
    RULES.flatMap(({ id, on }) => (on.includes('Service') ? [id] : [])).toSorted()
  )
})

await test('docs/tenants.md names keys of an ExposurePolicy that there are, and all that limit Services', async t => {
  const schema = JSON.stringify(jsonSchemas().ExposurePolicy)
  const keys = DOORS.flatMap(door => door.keys)
  for (const key of keys) t.match(schema, `"${key.split('.').at(-1)}":`, key)
  const services = partOfSchema(jsonSchemas().ExposurePolicy, 'spec', 'services')
  const unnamed = Object.keys(services).filter(key => !keys.includes(`services.${key}`))
  t.same(unnamed, [])
})

/** The properties of what stands at this path. */
function partOfSchema(schema: unknown, ...path: readonly string[]): Record<string, unknown> {
  const properties = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {}
  const [key, ...rest] = path
  return key === undefined ? properties : partOfSchema(properties[key], ...rest)
}

await test('the README says of every kind whether it waits while poolguard is down', async t => {
  const readme = readFileSync('README.md', 'utf8')
  const row = /^\| poolguard is down \|.*$/m.exec(readme)?.[0] ?? ''
  const { plan, exposures } = loadPolicies(['policies'])
  const options = { client: { url: 'https://x' }, caBundle: undefined, pathSecret: undefined, exposures }
  const [{ webhooks }] = registration(RULES, plan, options)
  const texts = JSON.stringify(webhooks)
  const asked = KIND_NAMES.filter(kind => texts.includes(`"${KINDS[kind].resource}"`))
  t.ok(asked.length > 20, `${asked.length} kinds`)
  for (const kind of asked) t.match(row, kind, kind)
})

await test('the README leads to every document', async t => {
  const readme = readFileSync('README.md', 'utf8')
  for (const name of readdirSync('docs').filter(one => one.endsWith('.md')))
    t.ok(readme.includes(`(docs/${name})`), name)
})

await test('docs/bgp.md shows its examples as they are', async t => {
  const yaml = (path: string) => `\`\`\`yaml\n${readFileSync(path, 'utf8')}\`\`\`\n`
  const values = 'manifests/examples/guide/kmetal-values-bgp.yaml'
  t.equal(section('values', 'docs/bgp.md'), yaml(values))
  t.equal(section('objects', 'docs/bgp.md'), yaml('manifests/examples/good/bgp.yaml'))
  const command = ['check', '--inventory', 'manifests/examples/inventory', values]
  const shown = `$ poolguard ${command.join(' ')}\n${await output(...command)}`
  t.equal(section('check', 'docs/bgp.md'), `\`\`\`\n${shown}\`\`\`\n`)
})

await test('every verb has a help text', async t => {
  for (const verb of ['serve', 'review', 'check', 'audit', 'test', 'rules', 'explain', 'manifests']) {
    t.match(await output(verb, '--help'), `Usage: poolguard ${verb}`, verb)
  }
})

await test('manifests/ is what the program prints', async t => {
  const image = `poolguard:${VERSION}`
  const options = { policies: [], namespace: 'poolguard', image, replicas: 3, vap: true }
  for (const file of await manifestFiles(options, SILENT)) {
    t.equal(
      readFileSync(join('manifests', file.name), 'utf8'),
      fileText(file),
      `${file.name}: run npm run manifests`
    )
  }
})

await test('the JSON Schemas are published as they are', async t => {
  for (const [kind, schema] of Object.entries(jsonSchemas())) {
    const path = join('docs/schemas', `${kind}.json`)
    t.equal(readFileSync(path, 'utf8'), `${JSON.stringify(schema, undefined, 2)}\n`, path)
  }
})

await test('the version is that of package.json', async t => {
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'))
  t.match(manifest, { version: VERSION })
})

await test('every rule can be explained', async t => {
  for (const rule of RULES) {
    const text = await output('explain', rule.id)
    for (const part of [rule.summary, rule.why, rule.fix, ...(rule.background ?? [])])
      t.match(text, part, rule.id)
    t.ok(rule.see.length > 0, `${rule.id} names a source`)
    t.match(rule.id, /^[a-z]+(-[a-z]+)+$/)
  }
})

await test('the example suites of policies/tests pass', async t => {
  t.match(await output('test', 'policies/tests'), /^\d+ passed, 0 failed\n$/)
})
