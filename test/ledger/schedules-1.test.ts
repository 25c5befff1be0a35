import { test } from 'tap'
import { flawText, runSchedules, SCHEDULES } from './run-schedules.ts'

const FIRST_SEED = 1

await test('no schedule stores two that share an address, nor leaves a claim behind', async t => {
  t.comment(`seeds ${FIRST_SEED} to ${FIRST_SEED + SCHEDULES - 1}`)
  const flaw = await runSchedules(FIRST_SEED)
  if (flaw !== undefined) t.fail(flawText(flaw))
  t.pass()
})
