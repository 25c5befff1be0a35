import type { Claim } from '../kinds/claim.ts'
import type { Plan } from './plan.ts'

/** The reserved and cluster ranges of the plan as claims of domain `plan`, in the order they are written. */
export function planClaims(plan: Plan): readonly Claim[] {
  const holder = { kind: 'NetworkPlan', namespace: '', name: plan.name }
  const { services, pods } = plan.clusterRanges
  return [...plan.reservedRanges, ...services, ...pods].map(({ range, field }) => ({
    domain: 'plan',
    range,
    holder,
    field,
    state: 'plan'
  }))
}
