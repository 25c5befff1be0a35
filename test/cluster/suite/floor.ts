import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'

import { floorManifests } from '../../../src/admission/floor/manifests.ts'
import { runSuite } from '../../../src/admission/suite.ts'
import { loadSuites } from '../../../src/cli/suites.ts'
import type { LoadedSuite } from '../../../src/cli/suites.ts'
import type { PolicyTestCase } from '../../../src/policy/policy-test.ts'
import { RULES } from '../../../src/rules/index.ts'
import { startCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { requireCommand } from '../command.ts'
import { floorCluster, namespacesOf } from '../floor.ts'
import type { FloorAnswer } from '../floor.ts'
import { program } from '../locations.ts'
import { startPoolguard } from '../poolguard.ts'

/** Suites whose every case the floor decides as poolguard does, each with its policies beside it. */
const equal = ['tenants', 'untrusted']

function objectsOf({ snapshot }: LoadedSuite) {
  const client = { service: { namespace: 'poolguard', name: 'poolguard', port: 443 } }
  const { plan, exposures } = snapshot
  return floorManifests({ rules: RULES, plan, exposures, client, nowMs: Date.now() }).objects
}

async function typeWarnings(cluster: Cluster): Promise<string> {
  const input = await cluster.mustKubectl(['get', 'validatingadmissionpolicies', '-o', 'json'])
  const env = { KUBECONFIG: cluster.kubeconfig('admin') }
  return requireCommand(program('typecheck-policies'), [], { input, env })
}

await test('the floor on a real API server', async suite => {
  const cluster = await startCluster()
  suite.teardown(() => cluster.stop())
  const floor = floorCluster(cluster)
  suite.teardown(() => floor.close())
  await floor.openRbac()

  for (const name of equal) {
    const [loaded] = loadSuites([join('test/floor', name, 'cases.yaml')], [])
    if (loaded === undefined) continue
    const { cases, existing } = loaded.suite.spec

    await suite.test(`${name}: poolguard and the API server by itself decide alike`, async t => {
      await floor.install([])
      await cluster.apply(existing)
      const poolguard = await startPoolguard(cluster, { policies: join('test/floor', name, 'policies') })
      const asked: FloorAnswer[] = []
      for (const testCase of cases) asked.push(await floor.replay(testCase))
      await poolguard.uninstall()
      await floor.install(objectsOf(loaded))
      t.equal(await typeWarnings(cluster), '', 'the types of all expressions are right')
      for (const [i, testCase] of cases.entries()) {
        const { allowed, rules = [] } = testCase.expect
        const byItself = await floor.replay(testCase)
        const verdict = allowed ? 'allowed' : 'denied'
        t.equal(asked[i]?.verdict, verdict, `${testCase.name}: poolguard: ${asked[i]?.message}`)
        t.equal(byItself.verdict, verdict, `${testCase.name}: the API server: ${byItself.message}`)
        for (const rule of rules) t.ok(asked[i]?.rules.includes(rule), `${testCase.name}: poolguard: ${rule}`)
        t.same(byItself.rules, rules, `${testCase.name}: ${byItself.message}`)
      }
    })
  }
})
