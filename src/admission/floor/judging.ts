import { KINDS } from '../../kinds/index.ts'
import { ACTIONS, type Action } from '../../policy/action.ts'
import type { Exemption } from '../../policy/exemption.ts'
import { allOf, anyOf, not, text, texts, type Cel } from './cel.ts'
import type { PolicyTerm } from './floor.ts'

/** A rule and the action it has where no policy names it. */
export interface RuleAction {
  readonly rule: string
  readonly byDefault: Action
}

/**
 * Whether a rule has this action for the request, as policies combine: the strictest that one of them gives it, the rule's
 * own where none names it. Where it is not sure which policies apply, the lenient reading counts. `false`: never.
 */
export function hasAction(
  action: Action,
  { rule, byDefault }: RuleAction,
  terms: readonly PolicyTerm[]
): Cel {
  const naming = terms.filter(({ policy }) => policy.actions.has(rule))
  const giving = (given: Action) => naming.filter(({ policy }) => policy.actions.get(rule) === given)
  const stricter = ACTIONS.slice(0, ACTIONS.indexOf(action)).flatMap(giving)
  const given = allOf([
    anyOf(giving(action).map(({ applies }) => applies)),
    ...stricter.map(({ mayApply }) => not(mayApply))
  ])
  const own = byDefault === action ? allOf(naming.map(({ mayApply }) => not(mayApply))) : 'false'
  return anyOf([given, own])
}

/**
 * Whether an exemption lets the Service pass. There is no clock in CEL: one that has not ended when this is generated counts
 * until it is generated anew. Those that have ended are left out.
 */
export function isExempt(rule: string, terms: readonly PolicyTerm[], nowMs: number): Cel {
  return anyOf(
    terms.flatMap(({ policy, mayApply }) =>
      policy.exemptions
        .filter(({ rules, endsMs }) => rules.has(rule) && nowMs < endsMs)
        // Those of named objects count whatever their policy applies to (exposurePolicies).
        .map(exemption => allOf([exemption.objects === undefined ? mayApply : 'true', matches(exemption)]))
    )
  )
}

function matches({ objects, users, groups, namespaces }: Exemption): Cel {
  const services = objects && [...objects].filter(key => key.startsWith(`${KINDS.Service.kind}/`))
  const among = (subject: Cel, names: Iterable<string> | undefined) =>
    names === undefined ? 'true' : `${subject} in ${texts([...names])}`
  return allOf([
    among(`${text(`${KINDS.Service.kind}/`)} + request.namespace + "/" + object.metadata.name`, services),
    among('request.userInfo.username', users),
    groups === undefined
      ? 'true'
      : `request.userInfo.?groups.orValue([]).exists(g, g in ${texts([...groups])})`,
    among('request.namespace', namespaces)
  ])
}
