import { FLOOR_WORDS } from '../wording/floor.ts'
import { texts } from './cel.ts'
import type { FloorOf } from './floor.ts'
import { forPolicies } from './per-policy.ts'

/** service-class: all of it. */
export const loadBalancerClassFloor: FloorOf = ({ policies }) => ({
  rule: 'service-class',
  on: 'object',
  variables: [],
  leftOut: [],
  checks: forPolicies(policies, 'classes', ({ services }) => {
    const allowed = services?.loadBalancerClasses?.allowed
    return allowed && { offenders: classOutside(allowed), words: FLOOR_WORDS.loadBalancerClass(allowed) }
  })
})

function classOutside(allowed: readonly string[]): string {
  const isKept =
    '(variables.oldType == variables.type && variables.oldLoadBalancerClass == variables.loadBalancerClass)'
  const isFine = [
    'variables.type != "LoadBalancer"',
    `variables.loadBalancerClass in ${texts(allowed)}`,
    isKept
  ].join(' || ')
  return `${isFine} ? [] : [variables.loadBalancerClass]`
}
