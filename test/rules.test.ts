import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { runSuite } from '../src/admission/suite.ts'
import { loadSuites } from '../src/cli/suites.ts'
import { RULES } from '../src/rules/index.ts'

const FOLDER = 'test/rules'

const folders = readdirSync(FOLDER, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => entry.name)

await test('every rule has a folder of cases, and every folder a rule', async t => {
  t.same(folders.toSorted(), RULES.map(rule => rule.id).toSorted())
})

for (const id of folders) {
  const suites = loadSuites([join(FOLDER, id)], [])

  await test(`${id}: cases`, async t => {
    for (const { path, suite, snapshot } of suites) {
      for (const { name, failures } of await runSuite(suite, snapshot)) {
        t.same(failures, [], `${path}: ${name}`)
      }
    }
  })

  await test(`${id}: it speaks in one case and is silent in another`, async t => {
    const cases = suites.flatMap(({ suite }) => suite.spec.cases)
    t.ok(
      cases.some(({ expect }) => expect.rules?.includes(id)),
      'a case in which it speaks'
    )
    t.ok(
      cases.some(({ expect }) => expect.allowed && !expect.rules?.includes(id)),
      'a case that passes'
    )
  })
}
