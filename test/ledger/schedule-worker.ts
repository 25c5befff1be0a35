import { parentPort, workerData } from 'node:worker_threads'
import { runSchedules } from './run-schedules.ts'

// A thread of its own: tap follows every promise of its own thread, which makes them three times as slow.
parentPort?.postMessage({ flaw: await runSchedules(Number(workerData)) })
