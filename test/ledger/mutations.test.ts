import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'tap'
import { MUTANTS } from './mutants.ts'

const WORKER = new URL('mutation-worker.js', import.meta.url)

for (const [index, { name }] of MUTANTS.entries()) {
  await test(`schedules tell when ${name}`, async t => {
    const worker = new Worker(WORKER, { workerData: { index, folder: join(t.testdir({}), 'ledger') } })
    // Rejects with what the thread threw.
    const messages: unknown[] = await once(worker, 'message')
    const [flaw = ''] = messages
    t.match(flaw, /^POOLGUARD_SEED=\d+: stored both/)
    t.comment(String(flaw).split('\n')[0])
  })
}
