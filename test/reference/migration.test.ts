import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { snapshotOf } from '../../src/cli/policies.ts'
import { DIFFERENT } from '../corpus/policy-differences.ts'
import { RULES } from '../../src/rules/index.ts'

const page = readFileSync('docs/migration.md', 'utf8')
const PLAN = `apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec: {globalPool: {ipAddressPool: default-pool}}
`

await test('docs/migration.md argues every difference from the corpus, and its numbers are right', t => {
  const [, rows = '0', alike = '0'] = /the corpus, (\d+) of them.*?(\d+) come out alike/s.exec(page) ?? []
  t.equal(Number(rows) - Number(alike), DIFFERENT.size)
  const told = [...page.matchAll(/^\| .*; (\d+)\) \|/gm)].map(([, count]) => Number(count))
  t.equal(
    told.reduce((sum, count) => sum + count, 0),
    DIFFERENT.size
  )
  t.end()
})

await test('the policies of docs/migration.md load together, and the rules it names exist', t => {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text)
  t.ok(blocks.length >= 3)
  const files = [PLAN, ...blocks].map((text, i) => ({ path: `${i}.yaml`, text }))
  t.equal(snapshotOf(files).exposures.policies.length, blocks.length)
  const ids = new Set(RULES.map(({ id }) => id))
  const named = [...page.matchAll(/`((?:pool|service|eip|vpc|subnet)-[a-z-]+)`/g)].map(([, id = '']) => id)
  t.ok(named.length >= 5)
  for (const id of named) t.ok(ids.has(id), id)
  t.end()
})
