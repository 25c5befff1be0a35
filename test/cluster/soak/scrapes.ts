import type { Replica } from '../replica.ts'
import type { Sample } from './resident.ts'

/** Values by series, as `name{labels}`. */
export type Metrics = ReadonlyMap<string, number>

/** Of the text format of Prometheus: every line that is a value. */
export function parseMetrics(text: string): Metrics {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    })
  )
}

/** One reading of a replica, which may be another process than the last time: `uptimeSeconds` tells. */
export type Reading = Sample & { readonly replica: number; readonly uptimeSeconds: number }

/** What `/metrics` of all replicas told through a run. */
export class Scrapes {
  readonly readings: Reading[] = []
  /** The longest that work had to wait for its turn in any of them. */
  mostLagMs = 0
  private readonly replicas: readonly Replica[]

  constructor(replicas: readonly Replica[]) {
    this.replicas = replicas
  }

  /** Goes on until then. A replica that is away is left out. */
  async until(endMs: number, everyMs: number): Promise<void> {
    while (Date.now() < endMs) {
      await this.once()
      await new Promise(resolve => setTimeout(resolve, Math.min(everyMs, Math.max(0, endMs - Date.now()))))
    }
  }

  async once(): Promise<void> {
    const all = await Promise.all(this.replicas.map(metricsOf))
    for (const [replica, metrics] of all.entries()) {
      if (metrics === undefined) continue
      const atMs = Date.now()
      this.mostLagMs = Math.max(
        this.mostLagMs,
        (metrics.get('poolguard_event_loop_lag_seconds') ?? 0) * 1_000
      )
      const startedMs = (metrics.get('process_start_time_seconds') ?? 0) * 1_000
      const bytes = metrics.get('process_resident_memory_bytes') ?? 0
      this.readings.push({ replica, atMs, bytes, uptimeSeconds: Math.round((atMs - startedMs) / 1_000) })
    }
  }

  /** Of one replica. */
  of(replica: number): readonly Reading[] {
    return this.readings.filter(reading => reading.replica === replica)
  }

  /** The ledger's counters now, each over all replicas: of those that were started again, since then. */
  async ledgerCounts(): Promise<Readonly<Record<string, number>>> {
    const all = await Promise.all(this.replicas.map(metricsOf))
    const sums: Record<string, number> = {}
    for (const [series, value] of all.flatMap(metrics => [...(metrics ?? [])])) {
      const match = /^poolguard_ledger_(writes|conflicts|expired)_total(?:\{outcome="(.*)"\})?$/.exec(series)
      if (match === null) continue
      const name = match[2] ?? match[1] ?? ''
      sums[name] = (sums[name] ?? 0) + value
    }
    return sums
  }
}

/** undefined when nobody answers. */
async function metricsOf({ adminUrl }: Replica): Promise<Metrics | undefined> {
  try {
    const response = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(2_000) })
    return parseMetrics(await response.text())
  } catch {
    return undefined
  }
}
