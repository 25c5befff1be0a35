import type { Action } from '../action.ts'
import { canonicalText } from '../canonical.ts'
import type { CustomRule } from '../custom-rule.ts'
import type { Exposure } from '../exposure.ts'
import type { ExposurePolicies } from '../resolve-exposure.ts'

/** Custom rules of one set of policies, and what of them counts for somebody. */
export interface CustomSide {
  readonly exposures: ExposurePolicies
  readonly exposure: Exposure
}

/** A custom rule by which the base refuses, and what the proposal has made of it, as a clause. */
export interface LooserCustomRule {
  readonly rule: string
  readonly text: string
}

/** The ids of custom rules that refuse something of whom `exposure` is for. */
export function denyingCustomRules(side: CustomSide): readonly string[] {
  return denyingRules(side).map(({ id }) => id)
}

/**
 * The custom rules that the base refuses by and the proposal does not, or not as they were: what another expression lets through
 * cannot be told from its text, so that each change counts. One that does the same under another id has not changed, nor has one of
 * another message, or of more kinds and operations. O(rules * rules).
 */
export function looserCustomRules(base: CustomSide, proposal: CustomSide): readonly LooserCustomRule[] {
  const kept = denyingRules(proposal)
  return denyingRules(base)
    .filter(rule => !kept.some(other => refusesAll(rule, other)))
    .map(rule => ({ rule: rule.id, text: `custom rule ${rule.id} ${becameOf(rule.id, proposal)}` }))
}

function becameOf(id: string, proposal: CustomSide): string {
  const all = proposal.exposures.policies.flatMap(policy => policy.customRules)
  const rule = all.find(other => other.id === id)
  if (rule === undefined) return 'is taken out'
  if (!proposal.exposure.customRules.has(id)) return 'does not apply any more'
  const action = actionOf(rule, proposal)
  return action === 'deny' ? 'is another' : `was deny and is ${action}`
}

/** Whether `other` refuses at least what `rule` does. */
function refusesAll(rule: CustomRule, other: CustomRule): boolean {
  return (
    rule.expression.trim() === other.expression.trim() &&
    canonicalText(rule.params) === canonicalText(other.params) &&
    rule.kinds.every(kind => other.kinds.includes(kind)) &&
    rule.operations.every(operation => other.operations.includes(operation))
  )
}

function denyingRules(side: CustomSide): readonly CustomRule[] {
  const { exposures, exposure } = side
  return exposures.policies
    .flatMap(policy => policy.customRules)
    .filter(rule => exposure.customRules.has(rule.id) && actionOf(rule, side) === 'deny')
}

function actionOf({ id, action }: CustomRule, { exposure }: CustomSide): Action {
  return exposure.actions.get(id) ?? action
}
