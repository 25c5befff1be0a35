import type { Finding } from './finding.ts'
import { portChange, portRef, vpcFields } from './gateway-ports.ts'
import { isDedicated, isKubeOvn, leniency, otherOwner, ownSubnets } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** A Vpc is attached to provider Subnets that the pool model gives to its tenant. */
export const vpcPerTenant = defineRule<'Vpc'>({
  id: 'vpc-per-tenant',
  summary: "A Vpc is attached to shared provider Subnets; with poolModel perTenant also to its tenant's own.",
  why: "The global pool is the only validated pool model; and a router on another tenant's provider Subnet takes that tenant's addresses.",
  fix: 'Leave extraExternalSubnets empty, or name provider Subnets that all tenants share.',
  example: 'spec: {enableExternal: true, extraExternalSubnets: [acme-ext]} # while poolModel is global',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/3329',
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/'
  ],
  on: ['Vpc'],
  reads: ['OvnEip'],
  defaultAction: 'deny',
  check({ object, oldObject }, { view, plan, requester, tenancy }) {
    if (isKubeOvn(requester)) return []
    const { added } = portChange(object, oldObject, plan, view)
    const globalSubnets = plan.globalPool.externalSubnets ?? []
    const fieldOf = vpcFields(object)
    const granted = [...globalSubnets, ...ownSubnets(plan, tenancy)]
    return added
      .filter(subnet => isDedicated(subnet, plan))
      .flatMap((subnet): Finding[] => {
        const at = { ...fieldOf(subnet), subnet, restsOn: [portRef(object.meta.name, subnet)] }
        if (plan.poolModel === 'global') return [{ ...at, code: 'subnet-not-validated', globalSubnets }]
        const owner = otherOwner(subnet, plan, tenancy)
        if (owner === undefined) return []
        return [{ ...at, code: 'foreign-subnet', owner, granted, ...leniency(plan, tenancy) }]
      })
  }
})
