import type { AddressRange } from '../address/range.ts'
import type { ObjectRef } from './object-ref.ts'

/**
 * Where on the network a claim lies, as far as the object itself says: `metallb` (pools), `subnet:NAME` (a Kube-OVN
 * Subnet and whatever holds addresses of it; `subnet:` when an OvnEip names none), `nodes`, `pods` (podCIDRs of Nodes, overlay
 * Subnets of Kube-OVN's default Vpc), `services`, `plan`, `vlan:TENANT` (the range the plan gives a tenant's VLAN), `ingress` for
 * the addresses that Services have of a pool, which lie over the pool's own, and `switch-lb` for those of SwitchLBRules, which
 * may lie in any Subnet.
 * Which of them share one address space is the plan's to say (`sharedDomains` in policy/).
 */
export type Domain = string

/** A range that some object holds, and the field in which it says so. */
export interface Claim {
  readonly domain: Domain
  readonly range: AddressRange
  readonly holder: ObjectRef
  readonly field: string
  readonly state: 'plan' | 'stored' | 'inFlight'
}

/** The domain of a Kube-OVN Subnet and of the addresses taken from it. */
export function subnetDomain(subnet: string): Domain {
  return `subnet:${subnet}`
}

/** The domain of the range that the plan gives a tenant's VLAN in the shared address space. */
export function vlanDomain(tenant: string): Domain {
  return `vlan:${tenant}`
}
export const SWITCH_LB_DOMAIN: Domain = 'switch-lb'
