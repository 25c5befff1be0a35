import { Counter, Gauge, type Registry } from 'prom-client'

/** Counts attempts to store an Event, by what came of them. */
export type EventCounter = (outcome: 'created' | 'exists' | 'failed') => void

/** Adds metrics of what is found in the cluster, beside the writes that are judged. `findings` is asked at each scrape. */
export function addFindingMetrics(
  registry: Registry,
  findings: () => ReadonlyMap<string, number>
): EventCounter {
  const registers = [registry]
  const gauge = new Gauge({
    name: 'poolguard_findings',
    help: 'What is stored and breaks a rule that no write could be refused for: pairs of Node and pool, quotas that a tenant has exceeded, OvnEips without a mapping on the edge router.',
    labelNames: ['rule'],
    registers: [],
    collect() {
      this.reset()
      for (const [rule, count] of findings()) this.set({ rule }, count)
    }
  })
  registry.registerMetric(gauge)
  const events = new Counter({
    name: 'poolguard_events_total',
    help: 'Events about such findings; `exists` when it was told already, by another replica for one.',
    labelNames: ['outcome'],
    registers
  })
  return outcome => events.inc({ outcome })
}
