import type { PolicySnapshot } from '../../admission/ports.ts'
import type { ReadinessCheck } from '../../server/admin-app.ts'
import type { PolicyFacts } from '../../server/policy-metrics.ts'
import { UnusableError } from '../io.ts'
import { snapshotOf } from '../policies.ts'
import type { NotTaken } from '../policy-events.ts'
import type { Reading } from './reading.ts'
import { registrationChanges, registrationNeed, type RegistrationNeed } from './registration-need.ts'

/** What became of files that were offered. */
export type Offered =
  | { readonly outcome: 'loaded'; readonly digest: string; readonly webhooks: readonly string[] }
  | { readonly outcome: 'rejected'; readonly problem: string }

export interface InForceOptions {
  /** The digest that sets must have to be taken; undefined: whatever it is. */
  readonly required: string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * The policies in force: the last set that was whole and valid, and had the required digest. Whatever is offered after it is
 * taken as a whole or not at all, so that a mistake in a file never lets through more than was allowed before it.
 */
export class PoliciesInForce {
  private readonly options: InForceOptions
  private readonly atStart: RegistrationNeed
  private current: PolicySnapshot
  private loadedMs: number
  private problem = ''
  private webhooks: readonly string[] = []

  /** Throws UnusableError, with every error, when there is nothing that could be in force. */
  constructor(first: Reading, options: InForceOptions) {
    this.options = options
    this.current = this.accepted(first)
    this.loadedMs = options.now()
    this.atStart = registrationNeed(this.current)
  }

  /** One and the same until other files are taken. */
  snapshot(): PolicySnapshot {
    return this.current
  }

  /** Takes these files, or says why not and changes nothing. Costs as much as parsing them. */
  offer(reading: Reading): Offered {
    try {
      const snapshot = this.accepted(reading)
      this.webhooks = registrationChanges(this.atStart, registrationNeed(snapshot))
      this.current = snapshot
      this.loadedMs = this.options.now()
      this.problem = ''
      return { outcome: 'loaded', digest: snapshot.digest, webhooks: this.webhooks }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      // Whatever it is, requests are still to be answered, by what was in force.
      this.problem = error.message
      return { outcome: 'rejected', problem: error.message }
    }
  }

  facts(): PolicyFacts {
    return {
      digest: this.current.digest,
      loadedMs: this.loadedMs,
      isRejecting: this.problem !== '',
      isRegistrationOutdated: this.webhooks.length > 0
    }
  }

  /** `problem` is '' while the files as they are now are in force. */
  notTaken(): NotTaken {
    return { problem: this.problem, digest: this.current.digest }
  }

  /** All hold: there always is a set in force, and a replica that is taken out would be no mend. */
  checks(): readonly ReadinessCheck[] {
    const policies = { name: 'policies', ok: true, detail: this.detail() }
    if (this.webhooks.length === 0) return [policies]
    const detail = `apply \`poolguard manifests\` again: ${this.webhooks.join(', ')} would differ from those of the start`
    return [policies, { name: 'registration', ok: true, detail }]
  }

  private detail(): string {
    const { digest } = this.current
    if (this.problem === '') return digest
    const [first = '', ...others] = this.problem.split('\n')
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`
    const since = new Date(this.loadedMs).toISOString()
    return `${digest} of ${since} stay in force; the files as they are now are not taken: ${first}${more}`
  }

  private accepted({ files }: Reading): PolicySnapshot {
    if (files instanceof UnusableError) throw files
    const snapshot = snapshotOf(files)
    const { required } = this.options
    if (required === undefined || snapshot.digest === required) return snapshot
    throw new UnusableError(
      `the policies are ${snapshot.digest}, and --require-digest asks for ${required}: give it the digest that ` +
        '`poolguard rules --digest` prints for what was reviewed, or the policies that it was printed for'
    )
  }
}
