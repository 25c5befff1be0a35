import { workerData } from 'node:worker_threads'
import { flawText, runSchedules } from './run-schedules.ts'

// A thread of its own: tap follows every promise of its own thread, which makes them three times as slow.
const flaw = await runSchedules(Number(workerData))
if (flaw !== undefined) throw new Error(flawText(flaw))
