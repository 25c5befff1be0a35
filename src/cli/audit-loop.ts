import { auditSteps, type AuditTally } from '../admission/audit-tally.ts'
import { sleep, type Clock } from '../cluster/clock.ts'
import { addAuditMetrics, type AuditFacts } from '../server/audit-metrics.ts'
import type { Log } from '../server/logger.ts'
import type { Metrics } from '../server/metrics.ts'
import { inSlices } from '../server/slices.ts'
import { wallTimeMs } from './clock.ts'
import type { World } from './world.ts'

export interface AuditTimings {
  /** From the start to the first audit, at most; at least half of it. */
  readonly firstMs: number
  /** From the end of one to the next, likewise, so that replicas do not audit in step. */
  readonly everyMs: number
  /** Between two slices of work. */
  readonly restMs: number
}

/** Slices are 5 ms, so that an audit has a tenth of the thread at most, however much is stored. */
const DEFAULT_TIMINGS: AuditTimings = { firstMs: 60_000, everyMs: 300_000, restMs: 45 }

export interface AuditLoopOptions {
  readonly clock: Clock
  readonly log: Log
  readonly registry: Metrics['registry']
  /** Called after each audit. */
  readonly audited: (tally: AuditTally) => void
  readonly timings?: Partial<AuditTimings>
}

/**
 * Audits what is stored, again and again, one audit at a time, for what came past the webhooks or before them. Tells it by
 * metrics and a line in the log. It reads the inventory alone and changes nothing. Answers how to end it.
 */
export function startAuditing(
  world: Pick<World, 'ports' | 'inventory'>,
  options: AuditLoopOptions
): () => Promise<void> {
  const { clock, log, registry, audited } = options
  const timings = { ...DEFAULT_TIMINGS, ...options.timings }
  const stopping = new AbortController()
  const { signal } = stopping
  let last: AuditFacts | undefined
  addAuditMetrics(registry, () => last)
  const wait = (mostMs: number) => sleep(clock, mostMs * (1 - clock.random() / 2), signal)

  async function audit(): Promise<void> {
    const startedMs = clock.nowMs()
    const steps = auditSteps(world.ports.snapshot(), world.inventory, wallTimeMs())
    const tally = await inSlices(steps, async () => {
      await sleep(clock, timings.restMs, signal)
      signal.throwIfAborted()
    })
    const tookSeconds = (clock.nowMs() - startedMs) / 1000
    last = { ...tally, endedAtSeconds: wallTimeMs() / 1000, tookSeconds }
    log.info({ ...tally.verdicts, seconds: Math.round(tookSeconds * 10) / 10 }, 'audit')
    audited(tally)
  }

  async function run(): Promise<void> {
    await wait(timings.firstMs)
    while (!signal.aborted) {
      await audit().catch((error: unknown) => {
        // A rule that throws must not end the audits for good; reviews that meet it are refused and counted.
        if (!signal.aborted) log.error({ err: error }, 'audit failed')
      })
      await wait(timings.everyMs)
    }
  }

  const ended = run()
  return async () => {
    stopping.abort()
    await ended
  }
}
