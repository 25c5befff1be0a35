import { FLOOR_WORDS } from '../wording/floor.ts'
import { texts } from './cel.ts'
import type { FloorOf } from './floor.ts'
import { forPolicies } from './per-policy.ts'

/** service-type: all of it. */
export const serviceTypeFloor: FloorOf = ({ policies }) => ({
  rule: 'service-type',
  on: 'object',
  variables: [],
  leftOut: [],
  checks: forPolicies(policies, 'types', ({ services }) => {
    const allowed = services?.allowedTypes
    return allowed && { offenders: typeOutside(allowed), words: FLOOR_WORDS.type(allowed) }
  })
})

function typeOutside(allowed: readonly string[]): string {
  const isFine = `variables.type in ${texts(allowed)} || variables.type == variables.oldType`
  return `${isFine} ? [] : [variables.type]`
}
