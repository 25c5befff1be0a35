import type { OvnEip } from '../kinds/ovn-eip.ts'
import { countedEips, eipReads, isUsers } from './counted-eips.ts'
import { ownerOfEip } from './eip-owner.ts'
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
  check({ object, oldObject }, context) {
    const { view, plan, tenancy, exposure } = context
    const { quota } = exposure.ovnEips
    if (quota === undefined || tenancy.kind !== 'tenant' || !isUsers(object)) return []
    const tenant = tenancy.name
    if (oldObject !== undefined && isCounted(oldObject, tenant, context)) return []
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

/** Whether what is stored is one of the tenant's already. */
function isCounted(eip: OvnEip, tenant: string, { view, plan }: CheckContext): boolean {
  return isUsers(eip) && ownerOfEip(eip, plan, view)?.tenant === tenant
}
