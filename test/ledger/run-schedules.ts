import { Collector } from '../../src/ledger/collector.ts'
import { Continuity } from '../../src/ledger/continuity.ts'
import { Guard } from '../../src/ledger/guard.ts'
import { simulate, type Flaw } from './simulation.ts'

/** Of each of the two files that run them, side by side. A second Node is content with fewer. */
export const SCHEDULES = Number(process.env['POOLGUARD_SCHEDULES'] ?? 50_000)

/**
 * Runs so many schedules on the code, from a seed on; the first that goes wrong, or undefined. POOLGUARD_SEED has one schedule
 * again alone.
 */
export async function runSchedules(from: number): Promise<Flaw | undefined> {
  const code = { Guard, Collector, Continuity }
  const again = process.env['POOLGUARD_SEED']
  if (again !== undefined) return simulate(code, { seed: Number(again) })
  for (let seed = from; seed < from + SCHEDULES; seed++) {
    const flaw = await simulate(code, { seed })
    if (flaw !== undefined) return flaw
  }
  return undefined
}

/** What to say of a flaw: how to have it again, and what happened. */
export function flawText({ seed, what, trace }: Flaw): string {
  return `POOLGUARD_SEED=${seed}: ${what}\n${trace.join(' > ')}`
}
