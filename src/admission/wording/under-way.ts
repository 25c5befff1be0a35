import type { Guarded } from '../../ledger/guard.ts'
import { MOST_IN_FLIGHT, MOST_OF_TENANT, RETRY_AFTER_SECONDS, TTL_MS } from '../../ledger/limits.ts'

const AGAIN = `try again in ${RETRY_AFTER_SECONDS} s.`
const AT_WORST = `within ${TTL_MS / 60_000} minutes`

/** Said after what the write has in common with another one; whose that is, the audience may not know. */
export const IN_FLIGHT_WORDS = `Another write that is not stored yet takes some of these addresses: ${AGAIN}`

/** Why a write waits with which nothing is wrong. Says nothing of others. */
export function waitWords(guarded: Extract<Guarded<unknown>, { outcome: 'retry' | 'closed' }>): string {
  return guarded.outcome === 'retry' ? RETRY_WORDS[guarded.why] : CLOSED_WORDS[guarded.problem]
}

const RETRY_WORDS: Readonly<Record<Extract<Guarded<never>, { outcome: 'retry' }>['why'], string>> = {
  contended: `Many writes of addresses are under way: ${AGAIN}`,
  concerned: `Another write that is not stored yet changes which addresses this one takes: ${AGAIN}`,
  unknown: `It is not known whether the addresses could be claimed: ${AGAIN}`,
  unreadable: `What other writes are about to take could not be read: ${AGAIN}`,
  'too-many': `${MOST_IN_FLIGHT} writes of addresses by you are not stored yet: try again when they are, or ${AT_WORST}.`,
  'too-many-of-tenant': `${MOST_OF_TENANT} writes of addresses by your tenant, or by accounts without one, are not stored yet: try again when they are, or ${AT_WORST}.`,
  full: `Too many writes of addresses are not stored yet: ${AGAIN}`
}

const CLOSED_WORDS: Readonly<Record<Extract<Guarded<never>, { outcome: 'closed' }>['problem'], string>> = {
  missing: `The ledger of writes under way is missing. poolguard makes it anew ${AT_WORST}; addresses cannot be taken until then.`,
  lost: `The ledger of writes under way was replaced or restored, or is new. Addresses can be taken again ${AT_WORST}.`,
  corrupt:
    'The ledger of writes under way cannot be read. While poolguard is being updated that passes; otherwise addresses cannot be taken until an administrator deletes it.',
  'format-version':
    'The ledger of writes under way is written by another version of poolguard, as while poolguard is being updated. Addresses can be taken when the update is over and all replicas are of one version; nobody need delete it.',
  unreachable: `The ledger of writes under way could not be read: ${AGAIN}`
}

/** As the API server words it (apimachinery pkg/api/errors, NewAlreadyExists). */
export function existsWords(resource: string, name: string): string {
  return `${resource} "${name}" already exists`
}
