import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { loadSuites } from '../../src/cli/suites.ts'

for (const { path, suite, snapshot } of loadSuites(['test/custom-rules/cases'], [])) {
  await test(path, async t => {
    for (const { name, failures } of await runSuite(suite, snapshot)) t.same(failures, [], name)
  })
}
