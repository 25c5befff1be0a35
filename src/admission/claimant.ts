import type { GrowingWrite } from '../ledger/growing-write.ts'
import { readRevision } from '../ledger/ledger.ts'
import type { JudgedWrite } from './judge.ts'
import type { Review } from './review.ts'

/** Of all who are of no tenant that is known or proven: tenants' names begin with a letter or a digit. */
const NO_TENANT = '(none)'

/** Who asks the ledger, and for how long the answer holds. */
export function claimant(
  { operation, username, dryRun }: Review,
  { change, requester, tenancy }: JudgedWrite
): Pick<GrowingWrite, 'replaces' | 'requester' | 'tenant' | 'isDryRun'> {
  const isPlatform = requester.role === 'platform' || tenancy.kind === 'platform'
  // Whoever only claims to be of a tenant must not use up what that one may have.
  const tenant = tenancy.kind === 'tenant' ? tenancy.name : NO_TENANT
  // One that does not decode counts as none, though it is there.
  const replaces = operation === 'CREATE' ? 0n : readRevision(change.oldObject?.meta.resourceVersion ?? '')
  return { replaces, requester: username, tenant: isPlatform ? '' : tenant, isDryRun: dryRun }
}
