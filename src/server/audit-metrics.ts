import { Gauge, type Registry } from 'prom-client'

/** What the last audit found. */
export interface AuditFacts {
  readonly verdicts: Readonly<Record<string, number>>
  readonly findings: readonly { readonly action: string; readonly rule: string; readonly count: number }[]
  /** When it ended, in seconds since 1970. */
  readonly endedAtSeconds: number
  readonly tookSeconds: number
}

/** Adds gauges about the last audit; without series until there was one. */
export function addAuditMetrics(registry: Registry, last: () => AuditFacts | undefined): void {
  const gauge = (
    { name, help, labels = [] }: { name: string; help: string; labels?: readonly string[] },
    set: (gauge: Gauge, facts: AuditFacts) => void
  ): void => {
    const made = new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [],
      collect() {
        this.reset()
        // A gauge without labels would say 0.
        if (labels.length === 0) this.remove()
        const facts = last()
        if (facts !== undefined) set(this, facts)
      }
    })
    registry.registerMetric(made)
  }
  gauge(
    {
      name: 'poolguard_audit_objects',
      help: 'Stored objects by what would be said of them if they were written now; denied ones came past the webhooks, or before them.',
      labels: ['verdict']
    },
    (made, { verdicts }) => {
      for (const [verdict, count] of Object.entries(verdicts)) made.set({ verdict }, count)
    }
  )
  gauge(
    {
      name: 'poolguard_audit_findings',
      help: 'Stored objects that a rule finds something about, by what the policies say to do about it.',
      labels: ['rule', 'action']
    },
    (made, { findings }) => {
      for (const { rule, action, count } of findings) made.set({ rule, action }, count)
    }
  )
  gauge(
    { name: 'poolguard_audit_last_run_timestamp_seconds', help: 'When the last audit ended.' },
    (made, { endedAtSeconds }) => made.set(endedAtSeconds)
  )
  gauge(
    { name: 'poolguard_audit_last_run_seconds', help: 'How long the last audit took, pauses included.' },
    (made, { tookSeconds }) => made.set(tookSeconds)
  )
}
