import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { isRecord } from '../src/kinds/decode.ts'
import { formatDocumentError } from '../src/policy/document-error.ts'
import { FUNCTIONS, VARIABLES } from '../src/policy/cel/vocabulary.ts'
import { jsonSchemas } from '../src/policy/json-schema.ts'
import { parsePolicies } from '../src/policy/policy-set.ts'
import { readYaml } from '../src/policy/yaml-source.ts'
import { RULE_ACTIONS } from '../src/rules/index.ts'

const REFERENCE = 'docs/exposure-policy.md'
const CUSTOM_RULES = 'docs/custom-rules.md'
const PLAN = `apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec: {globalPool: {ipAddressPool: default-pool, externalSubnets: [external], defaultExternalSubnet: external}}
`
const HEAD = 'apiVersion: poolguard.io/v1alpha1\nkind: ExposurePolicy\nmetadata: {name: example}\nspec:\n'

/** The examples: whole documents as they are, parts of a spec made into one. */
const examples = examplesIn(REFERENCE)

function examplesIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) =>
    /^apiVersion:/m.test(text) ? text : HEAD + text.replace(/^/gm, '  ')
  )
}

/** Every key of a schema as a path, such as `spec.pools.allowed`. Keys of free mappings are not among them. */
function keysOf(schema: unknown, path = ''): readonly string[] {
  if (!isRecord(schema)) return []
  const { properties, items } = schema
  const inner = Object.entries(isRecord(properties) ? properties : {}).flatMap(([key, member]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [at, ...keysOf(member, at)]
  })
  return [...inner, ...keysOf(items, path)]
}

function keysIn(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => keysIn(item, path))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [at, ...keysIn(member, at)]
  })
}

await test('every example of the ExposurePolicy reference is right', async t => {
  t.ok(examples.length >= 8, 'the examples were found')
  for (const text of [...examples, ...examplesIn(CUSTOM_RULES)]) {
    const parsed = parsePolicies(
      [
        { path: 'plan.yaml', text: PLAN },
        { path: REFERENCE, text }
      ],
      RULE_ACTIONS
    )
    t.strictSame(parsed.ok ? [] : parsed.errors.map(formatDocumentError), [], text)
  }
})

await test('the ExposurePolicy reference has an example of every key', async t => {
  const used = new Set(
    examples.flatMap(text => readYaml('e', text).documents.flatMap(one => keysIn(one.value)))
  )
  const known = keysOf(jsonSchemas().ExposurePolicy).filter(key => key.startsWith('spec.'))
  t.ok(known.length > 30, 'the keys were found')
  t.strictSame(
    known.filter(key => !used.has(key)),
    []
  )
})

await test('docs/custom-rules.md names every function there is', async t => {
  const text = readFileSync(CUSTOM_RULES, 'utf8')
  for (const name of FUNCTIONS) t.match(text, new RegExp(`[\`.]${name}\\b`), name)
  for (const name of VARIABLES) t.match(text, `| \`${name}\` |`, name)
})
