import { test } from 'tap'
import { runSuite } from '../../src/admission/suite.ts'
import { loadSuites } from '../../src/cli/suites.ts'

await test('nobody passes for somebody else', async t => {
  for (const { suite, snapshot } of loadSuites(
    ['test/tenancy/spoof.yaml', 'test/tenancy/gateways.yaml'],
    []
  )) {
    for (const { name, failures } of await runSuite(suite, snapshot)) t.same(failures, [], name)
  }
})
