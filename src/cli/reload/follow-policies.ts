import { formatDocumentError } from '../../policy/document-error.ts'
import { expiredExemptions } from '../../policy/exemption.ts'
import { addPolicyMetrics } from '../../server/policy-metrics.ts'
import type { Log } from '../../server/logger.ts'
import type { Metrics } from '../../server/metrics.ts'
import type { Clock } from '../../cluster/clock.ts'
import type { PoliciesInForce } from './policies-in-force.ts'
import { PolicyFollower, type FollowerTimings } from './policy-follower.ts'
import { readPolicies, type Reading } from './reading.ts'
import { watchPolicies } from './watch-policies.ts'

export interface FollowOptions {
  readonly paths: readonly string[]
  /** What is in force already. */
  readonly first: Reading
  readonly policies: PoliciesInForce
  readonly clock: Clock
  readonly log: Log
  readonly registry: Metrics['registry']
  /** Called after another set came into force. */
  readonly changed: () => void
  /** Called after files were not taken. */
  readonly rejected?: (() => void) | undefined
  readonly timings?: Partial<FollowerTimings> | undefined
}

/** Errors of one set that go to the log. */
const MOST_LOGGED = 16

/** Keeps the policies in force those of the files, and tells of it by log and metrics. Answers how to end it. */
export function followPolicies(options: FollowOptions): () => void {
  const { paths, first, policies, clock, log, registry, changed, timings = {} } = options
  const counted = addPolicyMetrics(registry, () => policies.facts())
  const follower = new PolicyFollower({
    ports: { read: () => readPolicies(paths), watch: onSign => watchPolicies(paths, onSign), clock },
    first,
    timings,
    offer(reading) {
      const offered = policies.offer(reading)
      counted(offered.outcome)
      const { digest } = policies.facts()
      if (offered.outcome === 'rejected') {
        const errors = offered.problem.split('\n')
        const facts = { policies: digest, errors: errors.slice(0, MOST_LOGGED), count: errors.length }
        log.error(facts, 'the policy files are not taken; the policies before them stay in force')
        return options.rejected?.()
      }
      log.info({ policies: digest }, 'policies loaded')
      const { webhooks } = offered
      if (webhooks.length > 0)
        log.warn({ webhooks }, 'these policies need `poolguard manifests` applied again')
      changed()
    },
    unsettled: () =>
      log.warn({ paths }, 'the policy files change all the time; the policies before stay in force')
  })
  return () => follower.stop()
}

/** How soon an exemption's end is told; it is not applied from that very moment. */
const EXPIRY_POLL_MS = 3_600_000

/**
 * Warns once of each exemption that has expired: of those in force at the start, when `look` is called, and as time passes.
 */
export function warnOfExpired(
  policies: PoliciesInForce,
  { log, clock, now }: { readonly log: Log; readonly clock: Clock; readonly now: () => number }
): { look(): void; stop(): void } {
  let told: ReadonlySet<string> = new Set()
  const look = () => {
    const expired = expiredExemptions(policies.snapshot().exposures.policies, now()).map(formatDocumentError)
    for (const exemption of expired) if (!told.has(exemption)) log.warn({ exemption }, 'expired')
    told = new Set(expired)
  }
  let cancel = () => {}
  const lookAgain = () => {
    look()
    cancel = clock.after(EXPIRY_POLL_MS, lookAgain)
  }
  lookAgain()
  return { look, stop: () => cancel() }
}
