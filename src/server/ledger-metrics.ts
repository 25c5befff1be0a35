import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What became of one write that took addresses. */
export interface LedgerFacts {
  readonly outcome: string
  readonly conflicts: number
  readonly waitMs: number
}

export interface LedgerMetrics {
  readonly wrote: (facts: LedgerFacts) => void
  /** After a round of the collector: claims that are left, those that expired, and whether there is a ledger to go by. */
  readonly collected: (round: {
    readonly inFlight: number
    readonly expired: number
    readonly isUsable: boolean
  }) => void
}

/** One PUT takes 3 to 15 ms; the longest wait is what a write may take. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4]

/** Adds what the ledger of claims in flight does. */
export function addLedgerMetrics(registry: Registry): LedgerMetrics {
  const registers = [registry]
  const writes = new Counter({
    name: 'poolguard_ledger_writes_total',
    help: 'Writes that take addresses, by what the ledger said.',
    labelNames: ['outcome'],
    registers
  })
  const conflicts = new Counter({
    name: 'poolguard_ledger_conflicts_total',
    help: 'Times that a write was judged again, because another replica wrote the ledger first or the view of objects went back.',
    registers
  })
  const wait = new Histogram({
    name: 'poolguard_ledger_wait_seconds',
    help: 'What the ledger adds to a write that takes addresses, waiting for other such writes included.',
    buckets: SECONDS,
    registers
  })
  const inFlight = new Gauge({
    name: 'poolguard_ledger_claims',
    help: 'Claims of writes that are not known to be over.',
    registers
  })
  const expired = new Counter({
    name: 'poolguard_ledger_expired_total',
    help: 'Writes whose claim this replica dropped because their time was up: they failed after they were allowed, or cannot be seen.',
    registers
  })
  const usable = new Gauge({
    name: 'poolguard_ledger_usable',
    help: '0 while no write that takes addresses can pass, for lack of a ledger; absent until it was asked for once.',
    registers
  })
  // A gauge starts as 0, which would be an alert at every start.
  usable.remove()
  return {
    wrote(facts) {
      writes.inc({ outcome: facts.outcome })
      conflicts.inc(facts.conflicts)
      wait.observe(facts.waitMs / 1_000)
    },
    collected(round) {
      inFlight.set(round.inFlight)
      expired.inc(round.expired)
      usable.set(Number(round.isUsable))
    }
  }
}
