import type { OvnEip } from '../kinds/ovn-eip.ts'
import { ownerOfClusterScoped } from '../policy/tenancy.ts'
import { countedEips, eipReads, isUsers } from './counted-eips.ts'
import { ownerOfEip } from './eip-owner.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { judgeQuota } from './quota.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** A tenant has no more OvnEips than its quota. */
export const eipQuota = defineRule<'OvnEip'>({
  id: 'eip-quota',
  summary: 'A tenant has at most as many OvnEips as its quota says.',
  why: 'Each takes an address of a provider Subnet that tenants share: without a limit one tenant, or a controller in a loop, takes them all, and the OvnEips of others stay without a status.',
  fix: 'Delete an OvnEip that is not needed, or raise ovnEips.quota in the ExposurePolicy.',
  example: 'kind: OvnEip # the sixth, with ovnEips.quota 5',
  see: [
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/',
    'https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-on-object-count'
  ],
  on: ['OvnEip'],
  reads: ['OvnEip', 'Vpc', 'Namespace', 'Tenant'],
  defaultAction: 'deny',
  countsTogether: true,
  check({ as, object, oldObject }, context) {
    const { view, plan, requester, tenancy, exposure } = context
    const { quota } = exposure.ovnEips
    // What counted before is not asked about, and nothing else that is stored excuses one more.
    if (as === 'stored' || quota === undefined || !isUsers(object)) return []
    if (tenancy.kind !== 'tenant' || isKubeOvn(requester)) return []
    const tenant = tenancy.name
    if (oldObject !== undefined && countedBefore(oldObject, tenant, context)) return []
    const others = [...countedEips(plan, view)].filter(
      one => one.tenant === tenant && one.eip.meta.name !== object.meta.name
    )
    return judgeQuota({
      quota,
      of: 'OvnEip',
      tenant,
      used: others.length,
      field: 'metadata.name',
      value: object.meta.name,
      reads: () => eipReads(others)
    })
  }
})

/** Whether what is stored is the same tenant's already, by what it says itself, else by who writes it. */
function countedBefore(eip: OvnEip, tenant: string, { view, plan, requester }: CheckContext): boolean {
  if (!isUsers(eip)) return false
  const owner = ownerOfEip(eip, plan, view)
  if (owner !== undefined) return owner.tenant === tenant
  const byWriter = ownerOfClusterScoped(plan, requester, eip.meta.labels)
  return byWriter.kind === 'tenant' && byWriter.name === tenant
}
