import { join } from 'node:path'
import { test } from 'tap'
import { mutated, MUTANTS } from './mutants.ts'
import { simulate } from './simulation.ts'

/** As many as the code itself passes (schedules-*.test.ts). */
const SCHEDULES = 100_000

for (const mutant of MUTANTS) {
  await test(`schedules tell when ${mutant.name}`, async t => {
    const code = await mutated(mutant, join(t.testdir({}), 'ledger'))
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const flaw = await simulate(code, seed)
      if (flaw === undefined) continue
      t.match(flaw.what, /^stored both/)
      t.comment(`seed ${seed}: ${flaw.what}`)
      return
    }
    t.fail(`none of ${SCHEDULES} schedules tells`)
  })
}
