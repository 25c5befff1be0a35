import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { loadSuites } from '../../src/cli/suites.ts'

await test('each case gets the default that its suite says, or none', async t => {
  const suites = loadSuites(['test/defaulting'], [])
  t.equal(suites.length, 3)
  for (const { suite, snapshot } of suites) {
    for (const { name, failures } of await runSuite(suite, snapshot)) t.same(failures, [], name)
  }
})
