import { ACTIONS, type Action } from '../../policy/action.ts'
import type { Plan } from '../../policy/plan.ts'
import type { ExposurePolicies } from '../../policy/resolve-exposure.ts'
import type { AnyRule } from '../../rules/rule.ts'
import { notTheControllers } from '../match-conditions.ts'
import { NAME_LABEL, neverMatched, type Client, type Manifest } from '../webhook-entry.ts'
import { customRulesWords } from '../wording/floor.ts'
import { applyingPolicies } from './applying.ts'
import { allOf, not, type Cel } from './cel.ts'
import type { Floor, FloorContext } from './floor.ts'
import { FLOORS } from './index.ts'
import { hasAction, isExempt } from './judging.ts'
import { ownerVariables } from './owner.ts'
import { podFloor } from './pods.ts'
import { serviceClassVariable } from './service-class.ts'
import { serviceVariables } from './service.ts'
import { policyAndBinding } from './validating-policy.ts'

export interface FloorOptions {
  readonly rules: readonly AnyRule[]
  readonly plan: Plan
  readonly exposures: ExposurePolicies
  readonly client: Client
  /** Exemptions that have ended by then are left out. Milliseconds since 1970. */
  readonly nowMs: number
}

export interface FloorManifests {
  /** Each ValidatingAdmissionPolicy with its binding behind it. */
  readonly objects: readonly Manifest[]
  /** What policies state and the API server is not told, one sentence each. */
  readonly leftOut: readonly string[]
}

/**
 * What the API server refuses by itself while poolguard is down: for each rule that needs no other object, and each action that
 * policies give it, one ValidatingAdmissionPolicy; and one for Pods. See docs/adr/0010.
 */
export function floorManifests(options: FloorOptions): FloorManifests {
  const { plan, exposures } = options
  const { terms, variables } = applyingPolicies(exposures.policies)
  const context: FloorContext = { plan, policies: terms }
  const common = [
    ...ownerVariables(plan),
    serviceClassVariable(plan),
    ...variables,
    ...serviceVariables(plan)
  ]
  const floors = FLOORS.map(floorOf => floorOf(context)).filter(({ checks }) => checks.length > 0)
  return {
    objects: [
      ...floors.flatMap(floor => policiesOf(floor, common, context, options)),
      ...podObjects(options)
    ],
    leftOut: [...FLOORS.flatMap(floorOf => floorOf(context).leftOut), ...leftOutCustomRules(exposures)]
  }
}

/** They may name what is poolguard's alone, and are bounded otherwise. */
function leftOutCustomRules({ policies }: ExposurePolicies): readonly string[] {
  return policies.flatMap(({ name, customRules }) =>
    customRules.length === 0
      ? []
      : [
          customRulesWords(
            name,
            customRules.map(({ id }) => id)
          )
        ]
  )
}

/** What is under deletion must be able to lose its finalizers. */
const IS_TERMINATING = 'request.operation == "UPDATE" && has(object.metadata.deletionTimestamp)'

function policiesOf(
  { rule, on, variables, checks }: Floor,
  common: Floor['variables'],
  { policies }: FloorContext,
  options: FloorOptions
): readonly Manifest[] {
  const byDefault = options.rules.find(({ id }) => id === rule)?.defaultAction ?? 'off'
  return TOLD.flatMap(action => {
    const isIts = hasAction(action, { rule, byDefault }, policies)
    if (isIts === 'false') return []
    const judged = allOf([
      isIts,
      not(isExempt(rule, policies, options.nowMs)),
      on === 'object' ? not(IS_TERMINATING) : 'true'
    ])
    return policyAndBinding({
      name: action === 'deny' ? rule : `${rule}-${action}`,
      tag: rule,
      action,
      resource: {
        apiGroup: '',
        apiVersion: 'v1',
        resource: on === 'object' ? 'services' : 'services/status'
      },
      operations: on === 'object' ? ['CREATE', 'UPDATE'] : ['UPDATE'],
      namespaceSelector: selector(options),
      matchConditions: [notTheControllers(options.plan)],
      judged,
      variables: [...common, ...variables],
      checks
    })
  })
}

const TOLD = ACTIONS.filter((action): action is Exclude<Action, 'off'> => action !== 'off')

/** There is no rule on Pods, so that no policy gives it another action. */
function podObjects(options: FloorOptions): readonly Manifest[] {
  const { variables, checks } = podFloor(options.plan)
  if (checks.length === 0) return []
  const judged: Cel = not(IS_TERMINATING)
  return policyAndBinding({
    name: 'pod-provider-subnet',
    tag: 'pod-provider-subnet',
    action: 'deny',
    resource: { apiGroup: '', apiVersion: 'v1', resource: 'pods' },
    operations: ['CREATE', 'UPDATE'],
    namespaceSelector: selector(options),
    matchConditions: [notTheControllers(options.plan)],
    judged,
    variables: [...ownerVariables(options.plan), ...variables],
    checks
  })
}

/** The namespaces whose Services no webhook matches either. */
function selector({ client }: FloorOptions): Manifest {
  return { matchExpressions: [{ key: NAME_LABEL, operator: 'NotIn', values: neverMatched(client) }] }
}
