import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'tap'
import { snapshotFrom } from '../../src/cli/policies.ts'
import { formatDocumentError, type DocumentError } from '../../src/policy/document-error.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import { decodePolicyTest } from '../../src/policy/policy-test.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'
import { RULE_ACTIONS } from '../../src/rules/index.ts'
import { MISTAKES } from './mistakes.ts'

/**
 * Whatever a file holds, the loader answers: with policies or with errors, within a second, and leaves no trace. Again the same
 * with POOLGUARD_SEED, and longer with POOLGUARD_FUZZ_RUNS (1 is what npm test does).
 */
const SEED = Number(process.env['POOLGUARD_SEED'] ?? Date.now() % 2 ** 31)
const FACTOR = Number(process.env['POOLGUARD_FUZZ_RUNS'] ?? 1)

const PLAN = 'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: dc1}\n'
const POLICY = 'apiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: all}\n'

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.yaml'))
    .map(name => readFileSync(join(folder, name), 'utf8'))
}

/** Texts that load, or nearly do: what is small enough to be changed many times a second. */
const corpus = [...yamlFiles('policies'), ...yamlFiles('test/rules')]
  .map(text => text.slice(0, 1500))
  .concat(MISTAKES.filter(({ whole }) => whole).map(({ text }) => text))

/** What is written where it hurts. */
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ': ',
  '- ',
  '? ',
  '|',
  '>',
  '|+2\n',
  '"',
  "'",
  '#',
  '%',
  '@',
  '`',
  '!',
  '&a ',
  '*a',
  '<<: ',
  '---\n',
  '...\n',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\u0000',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\u001b[31m',
  '\ud800',
  '::error::',
  '\u202e',
  '  ',
  '\n  ',
  '\n    ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '__proto__: {polluted: 1}\n',
  '<<: {__proto__: {polluted: 1}}\n',
  'yes',
  'no',
  'on',
  'off',
  '~',
  'null',
  'true',
  '010',
  '0o17',
  '0x1F',
  '1_000',
  '12:30:45',
  '1e999',
  '.inf',
  '.nan',
  '-0',
  '2026-01-01',
  '!!js/function "function(){}"',
  '!!python/object/apply:os.system [x]',
  '!!binary aGk=',
  '!!set {a}',
  '!<tag:x> y',
  '!!str 1',
  '!!int "1"',
  'apiVersion: poolguard.io/v1alpha1',
  'kind: PolicyTest\n',
  'spec:',
  'nodeSubnets:',
  'exemptions:\n- ',
  'policies:',
  'tenants:',
  '10.0.0.0/24',
  '10.0.0.1-10.0.0.9',
  '::/0',
  '0.0.0.0/0',
  '10.0.0.0/255.0.0.0',
  '10.0.0.1-9',
  '99999999999999999999',
  '%YAML 1.1\n---\n'
]

const globals = () =>
  [Object.prototype, Array.prototype, Function.prototype, String.prototype].flatMap(own =>
    Reflect.ownKeys(own)
  )
const BEFORE = globals()

/** Loads a text in every way that there is, and says what must never be. */
function faultOf(text: string): string | undefined {
  const started = process.cpuUsage()
  const parsed = parsePolicies([{ path: 'f.yaml', text }], RULE_ACTIONS)
  const { user, system } = process.cpuUsage(started)
  if (parsed.ok) snapshotFrom(parsed)
  const stream = readYaml('f.yaml', text.slice(0, 10_000))
  const suites = stream.documents.map(document => decodePolicyTest({ path: 'f.yaml', document }))
  const errors = [
    parsed.ok ? [] : parsed.errors,
    stream.errors,
    ...suites.map(one => (one.ok ? [] : one.errors))
  ].flat()
  if (user + system > 1_000_000) return `${(user + system) / 1000} ms`
  if (globals().length !== BEFORE.length || 'polluted' in {}) return 'a prototype was changed'
  if (!parsed.ok && parsed.errors.length === 0) return 'refused without a reason'
  if (Error.stackTraceLimit === 0) return 'errors have no stack any more'
  return errors.map(flawOf).find(flaw => flaw !== undefined)
}

/** An error is one printable line that says where. */
function flawOf(error: DocumentError): string | undefined {
  const line = formatDocumentError(error)
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(line)) return `not printable: ${JSON.stringify(line)}`
  if (!line.startsWith('f.yaml') || error.message === '') return `says nothing: ${line}`
  return error.line < 0 || (error.line > 0 && error.column < 1) ? `no place: ${line}` : undefined
}

type Edit = (text: string) => string

const place = fc.double({ min: 0, max: 1, noNaN: true })
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...TOKENS)).map(
    ([at, token]): Edit =>
      text =>
        splice(text, at, 0, token)
  ),
  fc.tuple(place, fc.nat(40), fc.constantFrom('', ...TOKENS)).map(
    ([at, length, token]): Edit =>
      text =>
        splice(text, at, length, token)
  ),
  fc.tuple(place, place, fc.nat(200)).map(([from, to, length]): Edit => text => {
    const start = Math.floor(from * text.length)
    return splice(text, to, 0, text.slice(start, start + length))
  }),
  place.map(
    (at): Edit =>
      text =>
        text.slice(0, Math.floor(at * text.length))
  ),
  fc.nat(8).map(
    (width): Edit =>
      text =>
        text.replaceAll('\n  ', `\n${' '.repeat(width)}`)
  ),
  fc.constantFrom<Edit>(
    text => text.replaceAll('\n', '\r\n'),
    text => `\ufeff${text}`,
    text => Buffer.from(text, 'utf16le').toString('utf8'),
    text => text.replaceAll('  ', '\t'),
    text => `${text}---\n${text}`,
    text => text.replaceAll(': ', ':')
  )
)

function splice(text: string, at: number, length: number, inserted: string): string {
  const start = Math.floor(at * text.length)
  return text.slice(0, start) + inserted + text.slice(start + length)
}

const edited = fc
  .tuple(fc.constantFrom(...corpus), fc.array(edit, { minLength: 1, maxLength: 5 }))
  .map(([text, edits]) => edits.reduce((changed, one) => one(changed), text))
const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }).map(tokens => tokens.join(''))
const key = fc.oneof(
  fc.constantFrom('__proto__', 'spec', 'tenants', 'range', 'quota', 'rules', 'cases', 'tenancy'),
  fc.string({ maxLength: 8 })
)
const { tree } = fc.letrec(tie => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', '10.0.0.0/24', '*', 'deny', 'acme'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 5 })
  )
}))
const specs = fc
  .tuple(fc.constantFrom(PLAN, POLICY, POLICY.replace('ExposurePolicy', 'PolicyTest')), tree)
  .map(([head, spec]) => `${head}spec: ${JSON.stringify(spec)}\n`)
const raw = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes).toString('utf8'))

for (const [name, texts, runs] of [
  ['valid documents after a few edits', edited, 250],
  ['pieces of YAML in any order', soup, 700],
  ['any value as a spec', specs, 250],
  ['any bytes', raw, 300]
] as const) {
  await test(`the loader answers to ${name}`, t => {
    t.comment(`POOLGUARD_SEED=${SEED}`)
    fc.assert(
      fc.property(texts, text => {
        const fault = faultOf(text)
        if (fault !== undefined) throw new Error(fault)
      }),
      { seed: SEED, numRuns: runs * FACTOR }
    )
    t.end()
  })
}

/** Ten names, each nine times the one before: 9^10 nodes when they are written out. */
const BOMB = `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 10 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array<string>(9).fill(`*a${i}`).join(', ')}]\n`).join('')}`
const MANY = 10_000
const lines = (each: (i: number) => string) => Array.from({ length: MANY }, (_, i) => each(i)).join('')

/** What people do to loaders, and the first thing that must be said; undefined where it loads. */
const ATTACKS: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['a byte order mark', `\ufeff${PLAN}spec: {}\n`, undefined],
  ['CRLF', `${PLAN}spec:\n  poolModel: global\n`.replaceAll('\n', '\r\n'), undefined],
  [
    'UTF-16',
    Buffer.from(`\ufeff${PLAN}spec: {}\n`, 'utf16le').toString('utf8'),
    /^f\.yaml:1:\d+: a NUL character.*UTF-8$/
  ],
  ['NUL in the middle', `${PLAN}spec: {}\n\0`, /^f\.yaml:5:1: a NUL character/],
  ['tabs', `${PLAN}spec:\n\tpoolModel: global\n`, /^f\.yaml:5:1: tabs are not allowed as indentation/],
  [
    'the same key twice',
    `${PLAN}spec: {}\nspec: {poolModel: perTenant}\n`,
    /^f\.yaml:5:1: spec: the key is given twice/
  ],
  ['an alias bomb', BOMB, /aliases add more than 100000 nodes/],
  [
    'an alias bomb in a spec',
    `${PLAN}spec:\n${BOMB.replace(/^/gm, '  ')}`,
    /aliases add more than 100000 nodes/
  ],
  [
    '10 MB',
    `${PLAN}spec:\n  # ${'x'.repeat(10 * 1024 * 1024)}\n`,
    /^f\.yaml: \d+ characters, more than 524288\. Hint: split the file$/
  ],
  ['10 MB of JSON', `[${'1,'.repeat(5 * 1024 * 1024)}1]`, /^f\.yaml: \d+ characters, more than 524288/],
  ['flow sequences without end', `${PLAN}spec: ${'['.repeat(50_000)}`, /nested deeper than 100 levels/],
  [
    'deep block mappings',
    `${PLAN}spec:\n${Array.from({ length: 500 }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`,
    /nested deeper than 100 levels/
  ],
  ['deep JSON', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, /nested deeper than 100 levels/],
  ['two documents', `${PLAN}spec: {}\n---\n${POLICY}spec: {}\n`, undefined],
  ['two plans', `${PLAN}spec: {}\n---\n${PLAN}spec: {}\n`, /^f\.yaml:7:7: kind: .*exactly one NetworkPlan/],
  ['--- alone', '---\n', /^f\.yaml: there is no NetworkPlan/],
  ['--- and nothing, many times', '---\n'.repeat(MANY), /^f\.yaml: there is no NetworkPlan/],
  [
    'a merge key',
    `${PLAN}spec:\n  metallb: &m {namespace: a}\n  kubeOvn: {<<: *m}\n`,
    /^f\.yaml:6:3: spec\.kubeOvn\.namespace: unknown key/
  ],
  ['a merge key that merges nothing', `${PLAN}spec: {<<: 7}\n`, /merge sources must be maps/],
  [
    'a merge key with a prototype',
    `${PLAN}spec: {<<: {__proto__: {polluted: 1}}}\n`,
    /__proto__: unknown key/
  ],
  ['a prototype', `${PLAN}spec: {__proto__: {polluted: 1}}\n`, /^f\.yaml:4:8: spec\.__proto__: unknown key/],
  ['a prototype in JSON', `{"__proto__": {"polluted": 1}}`, /apiVersion: is required/],
  [
    'a constructor',
    `${PLAN}spec: {constructor: {prototype: {polluted: 1}}}\n`,
    /spec\.constructor: unknown key/
  ],
  [
    'words that are text since YAML 1.2',
    `${PLAN}spec: {tenancy: {tenants: [{name: yes}, {name: no}, {name: on}, {name: off}, {name: y}]}}\n`,
    undefined
  ],
  [
    'numbers that look octal',
    `${PLAN}spec: {tenancy: {tenants: [{name: 010}]}}\n`,
    /^f\.yaml:4:35: .*name: 010 is 8 to kubectl, .* and 10 to others\. Hint: write 8 or 10, or '010' if it is text$/
  ],
  [
    'a function',
    `${PLAN}spec: !!js/function "function(){}"\n`,
    /^f\.yaml:4:21: spec: the tag tag:yaml\.org,2002:js\/function is not supported/
  ],
  ['an object of Python', `${PLAN}spec: !!python/object/apply:os.system [x]\n`, /is not supported/],
  ['10,000 unknown keys', `${PLAN}spec:\n${lines(i => `  k${i}: 1\n`)}`, /^f\.yaml: more than 100 errors/],
  [
    '10,000 unknown rules',
    `${PLAN}spec: {}\n---\n${POLICY}spec:\n  actions:\n${lines(i => `    pool-over${i}: deny\n`)}`,
    /^f\.yaml: more than 100 errors/
  ],
  [
    '10,000 keys, each twice',
    `${PLAN}spec:\n${lines(i => `  k${i % 7}: 1\n`)}`,
    /^f\.yaml: more than 100 errors/
  ],
  [
    '2,000 tenants in one VLAN',
    `${PLAN}spec:\n  networkingMode: vlan\n  tenancy:\n    tenants:\n${Array.from({ length: 2000 }, (_, i) => `    - {name: t${i}, vlan: {exposure: ccmProxy, ipAddressPool: p${i}, range: 10.9.0.0/24}}\n`).join('')}`,
    /^f\.yaml: more than 100 errors/
  ]
]

await test('the loader answers to what people do to loaders', t => {
  for (const [name, text, wanted] of ATTACKS) {
    t.equal(faultOf(text), undefined, name)
    const parsed = parsePolicies([{ path: 'f.yaml', text }], RULE_ACTIONS)
    const first = parsed.ok ? '' : (parsed.errors.map(formatDocumentError)[0] ?? '')
    if (wanted === undefined) t.ok(parsed.ok, `${name}: ${first}`)
    else t.match(first, wanted, name)
  }
  t.end()
})
