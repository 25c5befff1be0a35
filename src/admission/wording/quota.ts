import type { QuotaFinding, QuotaKind } from '../../rules/findings/quota.ts'
import type { Audience } from '../judge.ts'
import { shown } from '../show.ts'

/** The predicates of findings about quotas. How many a tenant has is its own affair; who set the limit is the platform's. */
export function quotaWords(
  { code, of, tenant, policy, limit, used }: QuotaFinding,
  audience: Audience
): string {
  if (code === 'quota-exceeded') {
    const by = audience === 'platform' ? `ExposurePolicy ${shown(policy)} allows` : 'allowed are'
    return `has ${used} ${nounOf(of, used)}; ${by} ${limit}. What is there stays, and nothing is added until some are gone.`
  }
  if (audience === 'tenant')
    return `is one ${nounOf(of, 1)} too many: ${used} are there, and the quota is ${limit}. Delete one that is not needed, or ask the platform team for more.`
  return `is one ${nounOf(of, 1)} too many: tenant ${shown(tenant)} has ${used}, and ExposurePolicy ${shown(policy)} allows ${limit}. Delete one, or raise the quota there.`
}

function nounOf(kind: QuotaKind, count: number): string {
  const noun = kind === 'Service' ? 'LoadBalancer Service' : 'OvnEip'
  return count === 1 ? noun : `${noun}s`
}
