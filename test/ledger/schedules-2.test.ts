import { once } from 'node:events'
import { test } from 'tap'
import { startThread } from '../thread.ts'
import { SCHEDULES } from './run-schedules.ts'

const FIRST_SEED = 1 + SCHEDULES

await test('no schedule stores two that share an address, nor leaves a claim behind', async t => {
  t.comment(`seeds ${FIRST_SEED} to ${FIRST_SEED + SCHEDULES - 1}`)
  const worker = startThread(new URL('./schedule-worker.ts', import.meta.url), FIRST_SEED)
  // Rejects with what the thread threw.
  t.same(await once(worker, 'exit'), [0])
})
