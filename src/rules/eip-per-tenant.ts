import type { Plan } from '../policy/plan.ts'
import type { Tenancy } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { multiPortRouters } from './gateway-ports.ts'
import { effectiveSubnet, isDedicated, isKubeOvn, leniency } from './provider-subnets.ts'
import { NO_DEFAULT_SUBNET, otherOwner, ownSubnets } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** An OvnEip takes its address where the pool model says: from a shared Subnet, or from its tenant's own. */
export const eipPerTenant = defineRule<'OvnEip'>({
  id: 'eip-per-tenant',
  summary:
    "An OvnEip's Subnet fits the plan's poolModel: a shared one, or with perTenant the tenant's own on a router with a single gateway port.",
  why: 'With several gateway ports OVN translates load balancer traffic for one of them only, so the address of a second, per-tenant Subnet answers nothing (kube-ovn#3329, ovn-org/ovn#222).',
  fix: "Name one of the shared provider Subnets; with poolModel perTenant one of the tenant's own.",
  example: 'spec: {externalSubnet: acme-ext, type: nat} # while poolModel is global',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/3329',
    'https://github.com/ovn-org/ovn/issues/222',
    'https://github.com/kubeovn/kube-ovn/issues/4036'
  ],
  on: ['OvnEip'],
  reads: ['Vpc', 'OvnEip'],
  defaultAction: 'deny',
  check({ object }, { view, plan, requester, tenancy }) {
    if (isKubeOvn(requester) || !['', 'nat'].includes(object.type)) return []
    const subnet = effectiveSubnet(object, plan)
    if (subnet === undefined) return plan.globalPool.externalSubnets === undefined ? [] : [NO_DEFAULT_SUBNET]
    const refused = misplaced(subnet, plan, tenancy)
    if (refused !== undefined) return [refused]
    if (plan.kubeOvn.multiDGP === 'assumeFixed' || !isDedicated(subnet, plan)) return []
    return multiPortRouters(subnet, plan, view).map(({ vpc, subnets, ports }) => ({
      ...atSubnet(subnet),
      code: 'multi-dgp',
      vpc,
      subnets,
      restsOn: [vpc, ...ports]
    }))
  }
})

interface At {
  readonly field: string
  readonly value: string
  readonly subnet: string
}

function atSubnet(subnet: string): At {
  return { field: 'spec.externalSubnet', value: subnet, subnet }
}

/** What is wrong with this tenant's taking addresses of the Subnet by the pool model of the plan; undefined for nothing. */
export function misplaced(subnet: string, plan: Plan, tenancy: Tenancy): Finding | undefined {
  const at = atSubnet(subnet)
  return plan.poolModel === 'global' ? notShared(at, plan) : notTheTenants(at, plan, tenancy)
}

function notShared(at: At, plan: Plan): Finding | undefined {
  if (!isDedicated(at.subnet, plan)) return undefined
  const globalSubnets = plan.globalPool.externalSubnets ?? []
  return { ...at, code: 'subnet-not-validated', globalSubnets, restsOn: [] }
}

function notTheTenants(at: At, plan: Plan, tenancy: Tenancy): Finding | undefined {
  const own = ownSubnets(plan, tenancy)
  const owner = otherOwner(at.subnet, plan, tenancy)
  if (owner !== undefined) {
    const granted = own.length > 0 ? own : (plan.globalPool.externalSubnets ?? [])
    return { ...at, code: 'foreign-subnet', owner, granted, restsOn: [], ...leniency(plan, tenancy) }
  }
  if (own.length === 0 || own.includes(at.subnet)) return undefined
  return { ...at, code: 'outside-tenant-subnet', granted: own, restsOn: [] }
}
