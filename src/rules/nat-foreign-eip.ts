import type { Finding, Unjudged } from './finding.ts'
import { ownerOfEip } from './eip-owner.ts'
import { NAT_RULES, type NatRuleKind } from './nat-rules.ts'
import { isKubeOvn, leniency } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** A tenant's NAT rules use its own OvnEips. */
export const natForeignEip = defineRule<NatRuleKind>({
  id: 'nat-foreign-eip',
  summary: "An OvnFip, OvnDnatRule, OvnSnatRule or RouterLBRule uses its own tenant's OvnEip.",
  why: "Kube-OVN never asks whose an OvnEip is: a rule takes over another tenant's public address, and with it whatever others send there.",
  fix: "Name one of the tenant's own OvnEips in spec.ovnEip.",
  example: 'spec: {ovnEip: beta-web, ipName: web-0.tenant-acme} # beta-web is of tenant beta',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_fip.go (handleAddOvnFip)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_dnat.go (handleAddOvnDnatRule)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_snat.go (handleAddOvnSnatRule)'
  ],
  on: NAT_RULES,
  reads: ['OvnEip', 'Vpc', 'Subnet', 'Namespace'],
  defaultAction: 'deny',
  check({ object }, { view, plan, requester, tenancy }): readonly (Finding | Unjudged)[] {
    if (object.ovnEip === '' || isKubeOvn(requester) || !view.known('OvnEip')) return []
    const at = { field: 'spec.ovnEip', value: object.ovnEip }
    const eip = view.get('OvnEip', '', object.ovnEip)
    if (eip === undefined) {
      const restsOn = [{ kind: 'OvnEip', namespace: '', name: object.ovnEip }]
      return [{ ...at, code: 'unknown-eip', restsOn, atMost: 'warn' }]
    }
    // The platform acts for all.
    if (tenancy.kind === 'platform') return []
    const owner = ownerOfEip(eip, plan, view)
    if (owner === undefined) return [UNKNOWN_OWNER]
    if (tenancy.kind === 'tenant' && tenancy.name === owner.tenant) return []
    const { tenant, restsOn } = owner
    return [{ ...at, code: 'foreign-eip', owner: tenant, restsOn, ...leniency(plan, tenancy) }]
  }
})

/** Nothing says whose the OvnEip is: an account that is mapped to one tenant leaves no trace in what it makes. */
const UNKNOWN_OWNER: Unjudged = {
  code: 'unjudged',
  because: 'plan-silent',
  planField: 'spec.tenancy.ovnEipOwners[].tenantFromLabel'
}
