import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { formatDocumentError } from '../../src/policy/document-error.ts'
import { SERVICE_CLASSES } from '../../src/policy/plan.ts'
import { parsePolicies } from '../../src/policy/policy-set.ts'
import { RULE_ACTIONS } from '../../src/rules/index.ts'

const guide = readFileSync('docs/services.md', 'utf8')
const HEAD = 'apiVersion: poolguard.io/v1alpha1\nkind: NetworkPlan\nmetadata: {name: example}\nspec:\n'

await test('the parts of a plan in docs/services.md are right', async t => {
  const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text)
  t.equal(examples.length, 1)
  for (const example of examples) {
    const text = HEAD + example.replace(/^/gm, '  ')
    const parsed = parsePolicies([{ path: 'docs/services.md', text }], RULE_ACTIONS)
    t.same(parsed.ok ? [] : parsed.errors.map(formatDocumentError), [])
  }
})

await test('docs/services.md tells of every class and names rules that exist', async t => {
  for (const serviceClass of SERVICE_CLASSES) t.match(guide, `| \`${serviceClass}\` |`)
  const named = [...guide.matchAll(/[`[]((?:service|namespace)-[a-z-]+)[`\]]/g)].map(([, id = '']) => id)
  t.ok(named.length > 6)
  for (const id of named) t.ok(RULE_ACTIONS.has(id), id)
})
