import type { OvnEip } from '../kinds/ovn-eip.ts'
import { grantedSubnets } from '../policy/grants.ts'
import type { Finding } from './finding.ts'
import { misplaced } from './eip-per-tenant.ts'
import { effectiveSubnet, isKubeOvn, leniency } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** A tenant's OvnEip takes its address from a Subnet that is granted to the tenant, and asks for one as far as policies let it. */
export const eipNotGranted = defineRule<'OvnEip'>({
  id: 'eip-not-granted',
  summary:
    "A tenant's OvnEip takes its address from a provider Subnet that policies grant (ovnEips.externalSubnets), or where none says the plan; it asks for a certain one only where policies let it (ovnEips.staticAddresses); and it is some tenant's.",
  why: 'Kube-OVN gives an address of any Subnet to whoever can write an OvnEip, and OvnEips are in no namespace: what a tenant may have is said here or nowhere.',
  fix: 'Name a granted Subnet; leave v4Ip and v6Ip empty where policies deny static addresses. An account that acts for a tenant belongs in tenancy.ovnEipOwners of the NetworkPlan.',
  background: [
    "eip-per-tenant speaks of Subnets that the pool model of the plan does not give to a tenant. This rule speaks of those that policies leave out, and of the plan's own only where that one is silent.",
    'staticAddresses: denied refuses v4Ip and v6Ip; what Kube-OVN fills in later is its own. withinGrants adds nothing to the other rules: an address outside of the Subnet is eip-outside-subnet, and a Subnet that is not granted is refused with or without an address.',
    'An OvnEip of an account that no mapping of the plan names is warned of, or refused with tenancy.unmappedOvnEips: deny; without any mapping the plan does not tell tenants apart, and only deny counts.'
  ],
  example: 'spec: {externalSubnet: external-b, type: nat} # where policies grant external alone',
  see: ['https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/'],
  on: ['OvnEip'],
  reads: [],
  defaultAction: 'deny',
  check({ object }, context) {
    if (isKubeOvn(context.requester) || !['', 'nat'].includes(object.type)) return []
    return [...ownerFindings(object, context), ...staticFindings(object, context)]
  }
})

function ownerFindings(object: OvnEip, context: CheckContext): Finding[] {
  const { plan, tenancy, exposure } = context
  const at = { restsOn: [], ...leniency(plan, tenancy) }
  if (tenancy.kind === 'unmapped') {
    const { ovnEipOwners, unmappedOvnEips } = plan.tenancy
    const isSilent = ovnEipOwners.length === 0 && unmappedOvnEips === 'warn'
    return isSilent ? [] : [{ ...at, code: 'unmapped-eip', field: 'metadata.name', value: object.meta.name }]
  }
  const subnet = effectiveSubnet(object, plan)
  const granted = grantedSubnets(context)
  if (subnet === undefined || granted === 'all' || granted.includes(subnet)) return []
  const isPlansAlone = exposure.ovnEips.externalSubnets === undefined
  if (isPlansAlone && misplaced(subnet, plan, tenancy) !== undefined) return []
  return [{ ...at, code: 'subnet-not-granted', field: 'spec.externalSubnet', value: subnet, granted }]
}

/** Whoever writes it: policies that apply to the platform are meant for it. */
function staticFindings({ v4Ip, v6Ip }: OvnEip, { exposure }: CheckContext): Finding[] {
  if (exposure.ovnEips.staticAddresses !== 'denied') return []
  return [
    { field: 'spec.v4Ip', value: v4Ip },
    { field: 'spec.v6Ip', value: v6Ip }
  ]
    .filter(({ value }) => value !== '')
    .map(at => ({ ...at, code: 'static-address-denied', restsOn: [] }))
}
