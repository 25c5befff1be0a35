import { test } from 'tap'
import { runSuite } from '../src/admission/suite.ts'
import { loadSuites } from '../src/cli/suites.ts'

/** Suites about several rules at once: which ranges may overlap, and whose an OvnEip is. */
for (const { path, suite, snapshot } of loadSuites(['test/domains'], [])) {
  await test(path, async t => {
    for (const { name, failures } of await runSuite(suite, snapshot)) t.same(failures, [], name)
  })
}
