import { Counter, Gauge, type Registry } from 'prom-client'

/** How the policies stand, as asked at each scrape. */
export interface PolicyFacts {
  /** Of the set in force: `sha256:` and 64 hex digits. */
  readonly digest: string
  /** When that set was taken, in milliseconds since 1970. */
  readonly loadedMs: number
  /** Whether the files as they are now were not taken, so that an older set is in force. */
  readonly isRejecting: boolean
  /** Whether the policies ask for another registration than those of the start did. */
  readonly isRegistrationOutdated: boolean
}

/** Counts what became of changed policy files: taken, or rejected, so that those before stay in force. */
export type ReloadCounter = (outcome: 'loaded' | 'rejected') => void

/** Adds metrics of the policies in force, and answers the counter of their reloads. */
export function addPolicyMetrics(registry: Registry, policies: () => PolicyFacts): ReloadCounter {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (facts: PolicyFacts) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(policies()))
      }
    })
  gauge(
    'poolguard_policies_loaded_timestamp_seconds',
    'When the policies in force were loaded.',
    ({ loadedMs }) => loadedMs / 1_000
  )
  gauge(
    'poolguard_policies_rejected',
    '1 while the policy files are not in force as they are now, but as they were before.',
    ({ isRejecting }) => Number(isRejecting)
  )
  gauge(
    'poolguard_registration_outdated',
    '1 while the policies in force ask for other webhook configurations than those of the start.',
    ({ isRegistrationOutdated }) => Number(isRegistrationOutdated)
  )
  const info = new Gauge({
    name: 'poolguard_policies_info',
    help: '1 for the digest of the policies in force.',
    labelNames: ['digest'],
    registers: [],
    collect() {
      this.reset()
      this.set({ digest: policies().digest }, 1)
    }
  })
  registry.registerMetric(info)
  const reloads = new Counter({
    name: 'poolguard_policy_reloads_total',
    help: 'Changes of the policy files since the start; `rejected` ones left in force what was before.',
    labelNames: ['outcome'],
    registers
  })
  // So that a rate is known from the first reload on.
  for (const outcome of ['loaded', 'rejected'] as const) reloads.inc({ outcome }, 0)
  return outcome => reloads.inc({ outcome })
}
