import { vlanDomain, type Claim } from '../kinds/claim.ts'
import type { Plan } from './plan.ts'
import { sharedVlans } from './shared-vlans.ts'

/**
 * The reserved and cluster ranges of the plan as claims of domain `plan`, in the order they are written, then the ranges of
 * tenants' VLANs in the shared address space, each in a domain of its own.
 */
export function planClaims(plan: Plan): readonly Claim[] {
  const holder = { kind: 'NetworkPlan', namespace: '', name: plan.name }
  const { services, pods } = plan.clusterRanges
  return [
    ...[...plan.reservedRanges, ...services, ...pods].map(range => ({ ...range, domain: 'plan' })),
    ...sharedVlans(plan).map(({ tenant, range }) => ({ ...range, domain: vlanDomain(tenant) }))
  ].map(({ domain, range, field }) => ({ domain, range, holder, field, state: 'plan' }))
}
