import type { GrowingWrite } from '../ledger/growing-write.ts'
import { readRevision } from '../ledger/ledger.ts'
import type { Tenancy } from '../policy/tenancy.ts'
import type { JudgedWrite } from './judge.ts'
import type { Review } from './review.ts'

/** Of all who are of no tenant that is known or proven: tenants' names begin with a letter or a digit. */
const NO_TENANT = '(none)'

/** Who asks the ledger, and for how long the answer holds. */
export function claimant(
  { operation, username, dryRun }: Review,
  { change, tenancy }: JudgedWrite
): Pick<GrowingWrite, 'replaces' | 'requester' | 'tenant' | 'isDryRun'> {
  // One that does not decode counts as none, though it is there.
  const replaces = operation === 'CREATE' ? 0n : readRevision(change.oldObject?.meta.resourceVersion ?? '')
  return { replaces, requester: username, tenant: tenantOf(tenancy), isDryRun: dryRun }
}

/** '' for the platform. Whoever only claims to be of a tenant must not use up what that one may have. */
export function tenantOf(tenancy: Tenancy): string {
  if (tenancy.kind === 'platform') return ''
  return tenancy.kind === 'tenant' ? tenancy.name : NO_TENANT
}
