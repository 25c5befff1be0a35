import type { LabelSelector, LabelSelectorRequirement } from '../../kinds/label-selector.ts'
import type { AppliesTo } from '../../policy/applies-to.ts'
import type { ExposurePolicy } from '../../policy/exposure-policy.ts'
import type { ServiceClass } from '../../policy/plan.ts'
import { allOf, anyOf, not, text, texts, type Cel, type Variable } from './cel.ts'
import type { PolicyTerm } from './floor.ts'
import { PLATFORM } from './owner.ts'
import { UNPROVEN } from './service-class.ts'

/** The policies, each with a term that tells whether it applies, and the variables behind the terms. */
export interface ApplyingPolicies {
  readonly terms: readonly PolicyTerm[]
  readonly variables: readonly Variable[]
}

/** As `exposureFor` selects them: by owner, by the namespace's labels and by the class of the Service. */
export function applyingPolicies(policies: readonly ExposurePolicy[]): ApplyingPolicies {
  const variables: Variable[] = []
  const term = (name: string, expression: Cel): Cel => {
    if (expression === 'true') return expression
    variables.push({ name, expression })
    return `variables.${name}`
  }
  const terms = policies.map((policy, i): PolicyTerm => {
    const { appliesTo } = policy
    const name = variableName(policies, i)
    const whom = allOf([toWhom(appliesTo), toNamespace(appliesTo)])
    const applies = term(name, allOf([whom, toClass(appliesTo, 'surely')]))
    const isSure = toClass(appliesTo, 'surely') === toClass(appliesTo, 'perhaps')
    const mayApply = isSure ? applies : term(`${name}_perhaps`, allOf([whom, toClass(appliesTo, 'perhaps')]))
    return { policy, applies, mayApply }
  })
  return { terms, variables }
}

/** By the policy's name, with a number where several would be called the same. */
function variableName(policies: readonly ExposurePolicy[], i: number): string {
  const names = policies.map(({ name }) => `policy_${name.replace(/\W/g, '_')}`)
  const name = names[i] ?? ''
  return names.filter(other => other === name).length === 1 ? name : `${name}_${i + 1}`
}

function toWhom({ tenants, exceptTenants }: AppliesTo): Cel {
  const isNot = exceptTenants.size === 0 ? 'true' : `!(variables.owner in ${texts([...exceptTenants])})`
  if (tenants === undefined) return isNot
  const named = [...tenants].filter(name => name !== '*')
  const isOne = named.length === 0 ? 'false' : `variables.owner in ${texts(named)}`
  const isAny = tenants.has('*') ? `variables.owner != ${PLATFORM}` : 'false'
  return allOf([isNot, anyOf([isAny, isOne])])
}

function toNamespace({ namespaceSelector: selector }: AppliesTo): Cel {
  return selector === undefined ? 'true' : selects(selector)
}

function selects({ matchLabels, matchExpressions }: LabelSelector): Cel {
  const labels = [...matchLabels].map(
    ([key, value]) => `variables.labels[?${text(key)}] == optional.of(${text(value)})`
  )
  return allOf([...labels, ...matchExpressions.map(required)])
}

/** `in` and `notin` as Kubernetes reads them: a label that is not there is in no list. An unknown operator selects nothing. */
function required({ key, operator, values }: LabelSelectorRequirement): Cel {
  const has = `${text(key)} in variables.labels`
  const isOneOf = `${has} && variables.labels[${text(key)}] in ${texts(values)}`
  switch (operator) {
    case 'In':
      return `(${isOneOf})`
    case 'NotIn':
      return not(isOneOf)
    case 'Exists':
      return has
    case 'DoesNotExist':
      return not(has)
    default:
      return 'false'
  }
}

/** A Service that is perhaps a control plane's is of one of two classes. */
function toClass({ serviceClasses }: AppliesTo, how: 'surely' | 'perhaps'): Cel {
  if (serviceClasses === undefined) return 'true'
  const has = (name: ServiceClass) => serviceClasses.has(name)
  const isEither =
    how === 'surely' ? has('controlPlane') && has('direct') : has('controlPlane') || has('direct')
  const classes: Cel[] = (['direct', 'mirrored'] as const).filter(has)
  return `variables.serviceClass in ${texts(isEither ? [...classes, UNPROVEN] : classes)}`
}
