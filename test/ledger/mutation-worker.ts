import { parentPort, workerData } from 'node:worker_threads'
import { flawText } from './run-schedules.ts'
import { mutated, MUTANTS } from './mutants.ts'
import { simulate } from './simulation.ts'

/** As many as the code itself passes (schedules-*.test.ts). */
const SCHEDULES = 100_000

/** What the first schedule that goes wrong says; '' when none does. */
async function flawOf({ index, folder }: { index: number; folder: string }): Promise<string> {
  const mutant = MUTANTS[index]
  if (mutant === undefined) return ''
  const code = await mutated(mutant, folder)
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const flaw = await simulate(code, { seed, ...(mutant.weather && { weather: mutant.weather }) })
    if (flaw !== undefined) return flawText(flaw)
  }
  return ''
}

// A thread of its own: tap follows every promise of its own thread, which makes them three times as slow.
parentPort?.postMessage(await flawOf(workerData as { index: number; folder: string }), [])
