import { Gauge, type Registry } from 'prom-client'

/** How one watched kind stands, as asked at each scrape. */
export interface InventoryFacts {
  readonly kind: string
  readonly objects: number
  readonly state: string
  /** Seconds since the API server last said anything about the kind; undefined before that. */
  readonly ageSeconds: number | undefined
  readonly restarts: number
}

/** Adds gauges about the inventory; nothing is counted between scrapes. */
export function addInventoryMetrics(registry: Registry, inventory: () => readonly InventoryFacts[]): void {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (facts: InventoryFacts) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['kind'],
      registers,
      collect() {
        for (const facts of inventory()) {
          const now = value(facts)
          if (now !== undefined) this.set({ kind: facts.kind }, now)
        }
      }
    })
  gauge('poolguard_inventory_objects', 'Objects known of a kind.', facts => facts.objects)
  gauge('poolguard_inventory_readable', '1 while the kind is synced or absent.', ({ state }) =>
    Number(['synced', 'absent'].includes(state))
  )
  gauge(
    'poolguard_inventory_age_seconds',
    'Since the API server last spoke of the kind.',
    facts => facts.ageSeconds
  )
  gauge('poolguard_watch_restarts', 'Watches opened again since the start.', facts => facts.restarts)
}
