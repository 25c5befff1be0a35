import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { UnusableError } from '../../src/cli/io.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import { decodePolicyTest } from '../../src/policy/policy-test.ts'
import { readYaml, type YamlDocument } from '../../src/policy/yaml-source.ts'

const PAGE = 'docs/cookbook.md'

function documentsIn(section: string): readonly YamlDocument[] {
  return [...section.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(
    ([, text = '']) => readYaml(PAGE, text).documents
  )
}

function kindOf(value: unknown): unknown {
  return isRecord(value) ? value['kind'] : undefined
}

const [head = '', ...sections] = readFileSync(PAGE, 'utf8').split(/^## /m)
const [plan] = documentsIn(head).map(({ value }) => value)

/** The cases that fail when these documents are in force, with the recipe's plan or the one of all. */
async function failures(
  policies: readonly unknown[],
  suites: readonly YamlDocument[]
): Promise<readonly string[]> {
  const all = policies.some(one => kindOf(one) === 'NetworkPlan') ? policies : [plan, ...policies]
  const snapshot = snapshotOf(all.map((one, i) => ({ path: `${i}.json`, text: JSON.stringify(one) })))
  const failed: string[] = []
  for (const document of suites) {
    const decoded = decodePolicyTest({ path: PAGE, document })
    if (!decoded.ok) return decoded.errors.map(formatDocumentError)
    for (const one of await runSuite(decoded.value, snapshot))
      failed.push(...one.failures.map(why => `${one.name}: ${why}`))
  }
  return failed
}

/** The document without one key of its spec; without what its policy selects by, too many are selected. */
function withoutKey(document: unknown, key: string): unknown {
  const spec = isRecord(document) && isRecord(document['spec']) ? document['spec'] : {}
  const kept = Object.entries(spec).filter(([name]) => name !== key)
  return isRecord(document) ? { ...document, spec: Object.fromEntries(kept) } : document
}

await test('the cookbook has its recipes', t => {
  t.ok(sections.length >= 15, `${sections.length} recipes`)
  t.end()
})

for (const section of sections) {
  const title = section.split('\n')[0] ?? ''
  await test(`cookbook: ${title}`, async t => {
    const documents = documentsIn(section)
    const suites = documents.filter(({ value }) => kindOf(value) === 'PolicyTest')
    const policies = documents.filter(one => !suites.includes(one)).map(({ value }) => value)
    t.ok(suites.length > 0 && policies.length > 0, 'a policy and its cases')
    t.same(await failures(policies, suites), [])
    for (const policy of policies) {
      const spec = isRecord(policy) && isRecord(policy['spec']) ? policy['spec'] : {}
      for (const key of Object.keys(spec).filter(name => name !== 'appliesTo')) {
        const others = policies.map(one => (one === policy ? withoutKey(policy, key) : one))
        t.ok(await notices(others, suites), `a case needs ${key}`)
      }
    }
  })
}

async function notices(policies: readonly unknown[], suites: readonly YamlDocument[]): Promise<boolean> {
  try {
    return (await failures(policies, suites)).length > 0
  } catch (error) {
    if (error instanceof UnusableError) return true
    throw error
  }
}
