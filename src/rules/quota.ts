import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Quota } from '../policy/exposure.ts'
import type { Said } from './finding.ts'
import type { QuotaKind } from './findings/quota.ts'

/**
 * How close to its limit a tenant is counted live before a write passes: by so many writes may the watch lag. Who writes one
 * object after the other needs 10 ms each at the least (two webhook calls, and etcd syncs its log to disk), so these take
 * 160 ms, in which a watch on a healthy API server has long delivered the first. A quota up to this is counted live for
 * every write that counts, so that it is exact however far the watch is behind; most are smaller.
 */
const NEAR = 16

/** Live reads that say how many a tenant has, and the objects that say that those are the tenant's. */
export interface QuotaReads {
  readonly lists: readonly ObjectRef[]
  readonly owners: readonly ObjectRef[]
}

/** What a rule found of one write that counts towards a quota. */
export interface QuotaUse {
  readonly quota: Quota
  readonly of: QuotaKind
  readonly tenant: string
  /** How many the inventory holds without the one that is written. */
  readonly used: number
  readonly field: string
  readonly value: string
  /** Asked only where the limit is near. */
  readonly reads: () => QuotaReads
}

/** A finding when there is no room for one more, a doubt when there is not much, else nothing. */
export function judgeQuota({ quota, used, reads, ...facts }: QuotaUse): readonly Said[] {
  const { limit, policy } = quota
  if (limit - used > NEAR) return []
  const { lists, owners } = reads()
  if (used < limit) return [{ code: 'doubt', restsOn: lists }]
  return [{ code: 'quota-reached', ...facts, policy, limit, used, restsOn: [...owners, ...lists] }]
}
