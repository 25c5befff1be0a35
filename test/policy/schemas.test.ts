import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { isRecord } from '../../src/kinds/decode.ts'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import { jsonSchemas } from '../../src/policy/json-schema.ts'
import { parsePolicyDocuments } from '../../src/policy/policy-set.ts'
import { decodePolicyTest } from '../../src/policy/policy-test.ts'
import type { PolicySource } from '../../src/policy/problem.ts'
import { readYaml } from '../../src/policy/yaml-source.ts'
import { RULE_ACTIONS } from '../../src/rules/index.ts'
import { mutantsOf, mutated } from '../library/mutants.ts'

/** What editors go by: each example names the schema of its kind, and the schema knows no less than the loader lets in. */
const KINDS = ['NetworkPlan', 'ExposurePolicy', 'PolicyTest'] as const
type Kind = (typeof KINDS)[number]

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false })
formats.default(ajv)
const schemas = jsonSchemas()
const validators = new Map(KINDS.map(kind => [kind, ajv.compile(schemas[kind])]))

/** What is wrong with a value by the schema of its kind; empty when nothing is. */
function flaws(kind: Kind, value: unknown): readonly string[] {
  const validate = validators.get(kind)
  if (validate === undefined) throw new Error(kind)
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`)
}

/** One document of ours: its kind, its value, and what its comments say. */
interface Example {
  readonly path: string
  readonly kind: Kind
  readonly value: unknown
  readonly comments: string
}

function examplesIn(path: string, text: string): readonly Example[] {
  return parseAllDocuments(text, { merge: true, logLevel: 'silent' }).flatMap(document => {
    if (!('contents' in document) || document.errors.length > 0) return []
    const value: unknown = document.toJS()
    const kind = isRecord(value) ? KINDS.find(name => name === value['kind']) : undefined
    if (kind === undefined || !isRecord(value) || !String(value['apiVersion']).startsWith('poolguard.io/'))
      return []
    const before = text.slice(0, document.contents?.range[0] ?? 0)
    return [{ path, kind, value, comments: before.slice(before.lastIndexOf('\n---\n') + 1) }]
  })
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.ya?ml$/.test(name))
    .toSorted()
    .map(name => join(folder, name))
}

function modelineOf({ comments }: Example): string | undefined {
  return /^# yaml-language-server: \$schema=(\S+)$/m.exec(comments)?.[1]
}

const examples = ['policies', 'manifests/examples']
  .flatMap(filesUnder)
  .flatMap(path => examplesIn(path, readFileSync(path, 'utf8')))

await test('every example names the published schema of its kind, which is there, and is right by it', async t => {
  t.ok(examples.length > 20, `${examples.length} documents`)
  for (const example of examples) {
    const schema = modelineOf(example) ?? ''
    const path = resolve(dirname(example.path), schema)
    t.equal(path, resolve('docs/schemas', `${example.kind}.json`), `${example.path}: a modeline`)
    t.ok(existsSync(path), path)
    t.same(flaws(example.kind, example.value), [], example.path)
  }
})

await test('so does every whole document in the documents', async t => {
  const pages = [
    'README.md',
    ...readdirSync('docs')
      .filter(name => name.endsWith('.md'))
      .map(name => join('docs', name))
  ]
  const blocks = pages.flatMap(path =>
    [...readFileSync(path, 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(([, text = '']) =>
      examplesIn(path, text)
    )
  )
  t.ok(blocks.length > 1)
  for (const example of blocks) {
    const schema = modelineOf(example) ?? ''
    t.match(schema, /^(\.\.\/)+docs\/schemas\//, example.path)
    t.equal(basename(schema), `${example.kind}.json`, example.path)
    t.same(flaws(example.kind, example.value), [], example.path)
  }
})

/** What the loader says about one document alone; a policy goes with an empty plan. Empty when it takes it. */
function refusals(kind: Kind, value: unknown): readonly string[] {
  const source = sourceOf('document.json', value)
  if (kind === 'PolicyTest') {
    const decoded = decodePolicyTest(source)
    return decoded.ok ? [] : decoded.errors.map(formatDocumentError)
  }
  const plan = sourceOf('plan.json', {
    apiVersion: 'poolguard.io/v1alpha1',
    kind: 'NetworkPlan',
    metadata: { name: 'p' },
    spec: {}
  })
  const parsed = parsePolicyDocuments(kind === 'NetworkPlan' ? [source] : [plan, source], RULE_ACTIONS)
  return parsed.ok ? [] : parsed.errors.map(formatDocumentError)
}

function sourceOf(path: string, value: unknown): PolicySource {
  const [document] = readYaml(path, JSON.stringify(value)).documents
  if (document === undefined) throw new Error('no document')
  return { path, document }
}

/** The document as it is, and where it is one of the examples, with each line changed and each key misspelt. */
function variantsOf({ kind, value }: Example, isExample: boolean): readonly unknown[] {
  if (!isExample) return [value]
  const mutants = kind === 'PolicyTest' ? [] : mutantsOf(value)
  return [value, ...mutants.map(mutant => mutated(value, mutant)), ...misspelt(shortened(value))]
}

await test('what the schema refuses the loader refuses: all fixtures, each example with one line changed', async t => {
  const fixtures = filesUnder('test').flatMap(path => examplesIn(path, readFileSync(path, 'utf8')))
  const seen = new Set<string>()
  let refused = 0
  for (const example of [...examples, ...fixtures].flatMap(withInline)) {
    for (const variant of variantsOf(example, examples.includes(example))) {
      const text = JSON.stringify(variant)
      if (seen.size === seen.add(text).size) continue
      const bySchema = flaws(example.kind, variant)
      if (bySchema.length === 0) continue
      refused++
      const isTaken = refusals(example.kind, variant).length === 0
      if (isTaken) t.fail(`${example.path}: only the schema refuses: ${bySchema.join('; ')}`)
    }
  }
  t.comment(`${seen.size} documents, ${refused} refused by the schema`)
  t.ok(refused > 300 && seen.size > refused + 500)
})

/** The document, and the policies that stand inside of it. */
function withInline(example: Example): readonly Example[] {
  const spec = isRecord(example.value) ? example.value['spec'] : undefined
  const inline = isRecord(spec) ? spec['policies'] : undefined
  const documents: readonly unknown[] = Array.isArray(inline) ? inline : []
  return [example, ...documents.flatMap(one => examplesIn(example.path, JSON.stringify(one)))]
}

/** A suite with one case alone: where positions are asked for, the whole text is read. */
function shortened(document: unknown): unknown {
  const spec = isRecord(document) && isRecord(document['spec']) ? document['spec'] : {}
  const { cases } = spec
  if (!isRecord(document) || !Array.isArray(cases)) return document
  return { ...document, spec: { ...spec, existing: [], cases: cases.slice(0, 1) } }
}

/** The document with each key of its spec misspelt, and each value of another type, one at a time. */
function misspelt(document: unknown): readonly unknown[] {
  if (!isRecord(document) || !isRecord(document['spec'])) return []
  const spec = document['spec']
  return Object.entries(spec).flatMap(([key, value]) => {
    const others = Object.entries(spec).filter(([name]) => name !== key)
    const wrong = [value === null ? [] : null, 7, 'text', [7], { unknown: 7 }]
    return [
      { ...document, spec: Object.fromEntries([...others, [`${key}x`, value]]) },
      ...wrong.map(other => ({ ...document, spec: { ...spec, [key]: other } }))
    ]
  })
}
