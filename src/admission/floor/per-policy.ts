import type { ExposurePolicy } from '../../policy/exposure-policy.ts'
import type { FloorWords } from '../wording/floor.ts'
import type { Cel } from './cel.ts'
import type { Check, PolicyTerm } from './floor.ts'

/** What one policy has refused. */
export interface Refusal {
  readonly offenders: Cel
  readonly words: FloorWords
}

/**
 * One check for each policy that states something. Policies restrict together exactly as each does alone, so that nothing needs
 * combining: what all of them allow is allowed.
 */
export function forPolicies(
  policies: readonly PolicyTerm[],
  name: string,
  refusalOf: (policy: ExposurePolicy) => Refusal | undefined
): readonly Check[] {
  return policies.flatMap(({ policy, applies }, i): Check[] => {
    const refusal = refusalOf(policy)
    if (refusal === undefined) return []
    const { offenders: expression, words } = refusal
    return [{ when: applies, offenders: { name: `${name}_${i + 1}`, expression }, words }]
  })
}
