import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'tap'
import { flawText, SCHEDULES } from './run-schedules.ts'
import type { Flaw } from './simulation.ts'

const FIRST_SEED = 1 + SCHEDULES

await test('no schedule stores two that share an address, nor leaves a claim behind', async t => {
  t.comment(`seeds ${FIRST_SEED} to ${FIRST_SEED + SCHEDULES - 1}`)
  const worker = new Worker(new URL('./schedule-worker.ts', import.meta.url), { workerData: FIRST_SEED })
  const [{ flaw }] = (await once(worker, 'message')) as [{ flaw: Flaw | undefined }]
  if (flaw !== undefined) t.fail(flawText(flaw))
  t.pass()
})
