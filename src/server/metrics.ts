import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Outcome, Question } from '../admission/answer.ts'
import type { Traffic } from './connection-hooks.ts'

export interface MetricsOptions {
  /** Kinds that keep their name as a label; all others become `other`, so that callers cannot grow the number of series. */
  readonly kinds: readonly string[]
  /** Wall clock, for the time left on the certificate. */
  readonly now: () => Date
  /** Lines of the log that were dropped since the start. */
  readonly droppedLines?: () => number
}

/** Everything the server counts, in a registry of its own. */
export interface Metrics extends Traffic {
  readonly registry: Registry
  readonly observe: (outcome: Outcome, durationMs: number, question: Question) => void
  /** Tells until when the certificate that is being served is valid. */
  readonly certificateServed: (notAfter: Date) => void
  readonly certificateReloadFailed: () => void
  readonly handshakeFailed: () => void
  /** From now on tells at each scrape what this answers: the worst delay since the scrape before, in milliseconds. */
  readonly measureEventLoop: (takeWorstLagMs: () => number) => void
}

/** Dense between 1 and 100 ms, where answers lie; the last ones surround the usual timeoutSeconds of 3 to 10. */
const SECONDS = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10
]

/** ExposurePolicies whose exemptions are counted by name; 100 are ten times what one team keeps apart. */
const MOST_POLICIES = 100

/** The operations of admission.k8s.io/v1. */
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT']

/** Metrics under poolguard's own names and under the names dashboards know from controller-runtime's webhook server. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registry.registerMetric(droppedLinesCounter(options.droppedLines ?? (() => 0)))
  return {
    registry,
    observe: decisionMetrics(registry, new Set(options.kinds)),
    ...trafficMetrics(registry),
    ...certificateMetrics(registry, options.now),
    measureEventLoop(takeWorstLagMs) {
      registry.registerMetric(eventLoopGauge(takeWorstLagMs))
    }
  }
}

function droppedLinesCounter(droppedLines: () => number): Counter {
  return new Counter({
    name: 'poolguard_log_lines_dropped_total',
    help: 'Lines of the log that were dropped because nobody read it fast enough; answers never wait for it.',
    registers: [],
    collect() {
      this.reset()
      this.inc(droppedLines())
    }
  })
}

function eventLoopGauge(takeWorstLagMs: () => number): Gauge {
  return new Gauge({
    name: 'poolguard_event_loop_lag_seconds',
    help: 'The longest that work had to wait for its turn since the last scrape; beyond a second, reviews are turned away.',
    registers: [],
    collect() {
      this.set(takeWorstLagMs() / 1_000)
    }
  })
}

function decisionMetrics(registry: Registry, kinds: ReadonlySet<string>): Metrics['observe'] {
  const registers = [registry]
  const decisions = new Counter({
    name: 'poolguard_decisions_total',
    help: 'Answered reviews.',
    labelNames: ['kind', 'operation', 'verdict', 'path', 'dry_run'],
    registers
  })
  const findings = new Counter({
    name: 'poolguard_rule_findings_total',
    help: 'Reviews in which a rule found something, by what the policies say to do about it.',
    labelNames: ['rule', 'action'],
    registers
  })
  const exemptions = new Counter({
    name: 'poolguard_exemptions_used_total',
    help: 'Reviews in which an exemption let findings of a rule pass, by the ExposurePolicy that it stands in.',
    labelNames: ['rule', 'policy'],
    registers
  })
  const duration = new Histogram({
    name: 'poolguard_review_duration_seconds',
    help: 'From the headers of a request to the answer of its review.',
    labelNames: ['path'],
    buckets: SECONDS,
    registers
  })
  const boundedPolicy = bounded(MOST_POLICIES)
  return (outcome, durationMs, { path }) => {
    const kind = kinds.has(outcome.kind) ? outcome.kind : 'other'
    const operation = OPERATIONS.includes(outcome.operation) ? outcome.operation : 'other'
    decisions.inc({ kind, operation, verdict: outcome.verdict, path, dry_run: String(outcome.dryRun) })
    for (const rule of outcome.denied) findings.inc({ rule, action: 'deny' })
    for (const rule of outcome.warned) findings.inc({ rule, action: 'warn' })
    for (const rule of outcome.audited) findings.inc({ rule, action: 'audit' })
    for (const { rule, policy } of outcome.exempted) exemptions.inc({ rule, policy: boundedPolicy(policy) })
    duration.observe({ path }, durationMs / 1_000)
  }
}

/** The first `most` different values by their names, all others as `other`: reloads may bring ever new ones. */
function bounded(most: number): (value: string) => string {
  const seen = new Set<string>()
  return value => {
    if (seen.size < most) seen.add(value)
    return seen.has(value) ? value : 'other'
  }
}

function trafficMetrics(registry: Registry): Traffic & Pick<Metrics, 'handshakeFailed'> {
  const registers = [registry]
  const requests = new Counter({
    name: 'controller_runtime_webhook_requests_total',
    help: 'Requests by path and HTTP status.',
    labelNames: ['webhook', 'code'],
    registers
  })
  const latency = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Time to serve a request.',
    labelNames: ['webhook'],
    buckets: SECONDS,
    registers
  })
  const inFlight = new Gauge({
    name: 'controller_runtime_webhook_requests_in_flight',
    help: 'Requests that are being served.',
    labelNames: ['webhook'],
    registers
  })
  const panics = new Counter({
    name: 'controller_runtime_webhook_panics_total',
    help: 'Errors that no code expected.',
    registers
  })
  const handshakes = new Counter({
    name: 'poolguard_tls_handshake_errors_total',
    help: 'TLS handshakes that failed; many of them mean that the caBundle does not fit the certificate.',
    registers
  })
  const unproven = new Counter({
    name: 'poolguard_unproven_requests_total',
    help: 'Requests of callers that did not prove to be an API server; they got no verdict.',
    registers
  })
  return {
    started: webhook => inFlight.inc({ webhook }),
    finished: (webhook, code, durationMs) => {
      inFlight.dec({ webhook })
      requests.inc({ webhook, code })
      latency.observe({ webhook }, durationMs / 1_000)
    },
    unproven: () => unproven.inc(),
    panicked: () => panics.inc(),
    handshakeFailed: () => handshakes.inc()
  }
}

function certificateMetrics(
  registry: Registry,
  now: () => Date
): Pick<Metrics, 'certificateServed' | 'certificateReloadFailed'> {
  const registers = [registry]
  const reloadErrors = new Counter({
    name: 'poolguard_certificate_reload_errors_total',
    help: 'New certificates that were not usable; the one before them is still served.',
    registers
  })
  let notAfter: Date | undefined
  const expiry = new Gauge({
    name: 'poolguard_certificate_expiry_seconds',
    help: 'Seconds until the served certificate expires; negative when it has.',
    registers: [],
    collect() {
      // The moment of the scrape counts: time passes without events.
      if (notAfter !== undefined) this.set((notAfter.getTime() - now().getTime()) / 1_000)
    }
  })
  registry.registerMetric(expiry)
  return {
    certificateServed: served => {
      notAfter = served
    },
    certificateReloadFailed: () => reloadErrors.inc()
  }
}
