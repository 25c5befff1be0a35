import { compareExposures, type ComparisonFacts } from './compare-exposures.ts'
import { comparePlanTenancy } from './compare-plan-tenancy.ts'
import { comparePlans } from './compare-plans.ts'
import type { PolicySides } from './exposure-subjects.ts'
import type { Loosening } from './loosening.ts'

/**
 * Everything in which a proposal may let through what the base refuses; empty only when it surely refuses all that the base
 * does. Each of them is a suspicion by the structure alone: a request that shows it is looked for elsewhere. Rules that the
 * base never denies by are left out. Independent of the order of files and of names of policies.
 */
export function loosenings(
  base: PolicySides,
  proposal: PolicySides,
  facts: ComparisonFacts
): readonly Loosening[] {
  const { loosenings: ofExposures, denying } = compareExposures(base, proposal, facts)
  const ofPlans = [...comparePlans(base.plan, proposal.plan), ...comparePlanTenancy(base, proposal, facts)]
  return [
    ...ofExposures,
    ...ofPlans.flatMap(loosening => {
      const rules = loosening.rules.filter(rule => denying.has(rule))
      if (rules.length > 0) return [{ ...loosening, rules }]
      return loosening.isBroad === true && denying.size > 0 ? [loosening] : []
    })
  ]
}
