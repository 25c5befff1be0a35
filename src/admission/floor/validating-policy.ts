import type { Action } from '../../policy/action.ts'
import type { MatchCondition } from '../match-conditions.ts'
import type { Manifest } from '../webhook-entry.ts'
import type { FloorWords } from '../wording/floor.ts'
import { not, text, usedVariables, type Cel, type Variable } from './cel.ts'
import type { Check } from './floor.ts'

export interface PolicyParts {
  /** Behind `poolguard-`; unique. */
  readonly name: string
  /** What ends each message in brackets. */
  readonly tag: string
  readonly action: Exclude<Action, 'off'>
  readonly resource: { readonly apiGroup: string; readonly apiVersion: string; readonly resource: string }
  readonly operations: readonly string[]
  readonly namespaceSelector: Manifest
  readonly matchConditions: readonly MatchCondition[]
  /** Whether the write is judged at all. */
  readonly judged: Cel
  /** Those that may be referred to; the ones that are get into the policy. */
  readonly variables: readonly Variable[]
  readonly checks: readonly Check[]
}

/** `validationActions` (admissionregistration.k8s.io/v1); Deny tells by itself. */
const VALIDATION_ACTIONS: Readonly<Record<PolicyParts['action'], readonly string[]>> = {
  deny: ['Deny'],
  warn: ['Warn', 'Audit'],
  audit: ['Audit']
}

/** A ValidatingAdmissionPolicy and its binding. An expression that fails refuses the write (docs/adr/0010). */
export function policyAndBinding(parts: PolicyParts): readonly [Manifest, Manifest] {
  const { action, resource, operations, namespaceSelector, matchConditions } = parts
  const metadata = {
    name: `poolguard-${parts.name}`,
    labels: { 'app.kubernetes.io/name': 'poolguard' }
  }
  const object = (kind: string, spec: Manifest): Manifest => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata,
    spec
  })
  const { apiGroup, apiVersion, resource: name } = resource
  const policy = object('ValidatingAdmissionPolicy', {
    failurePolicy: 'Fail',
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector,
      resourceRules: [
        {
          apiGroups: [apiGroup],
          apiVersions: [apiVersion],
          operations,
          resources: [name],
          scope: 'Namespaced'
        }
      ]
    },
    matchConditions,
    ...judging(parts)
  })
  const binding = object('ValidatingAdmissionPolicyBinding', {
    policyName: metadata.name,
    validationActions: VALIDATION_ACTIONS[action]
  })
  return [policy, binding]
}

function judging({ tag, judged, variables, checks }: PolicyParts): Manifest {
  const all: Variable[] = [
    ...variables,
    ...(judged === 'true' ? [] : [{ name: 'judged', expression: judged }]),
    ...checks.map(({ offenders }) => offenders)
  ]
  const validations = checks.map(({ when, offenders: { name }, words }) => ({
    expression: [
      ...negated(judged === 'true' ? judged : 'variables.judged'),
      ...negated(when),
      `size(variables.${name}) == 0`
    ].join(' || '),
    message: [words.before, words.after, `[${tag}]`].filter(part => part !== '').join(' '),
    messageExpression: sentence(words, name, tag),
    reason: 'Forbidden'
  }))
  const texts = validations.flatMap(({ expression, messageExpression }) => [expression, messageExpression])
  return { variables: usedVariables(all, texts), validations }
}

function negated(when: Cel): readonly Cel[] {
  return when === 'true' ? [] : [not(when)]
}

/** The API server falls back to `message` where a value has a line break in it, or all of them are too long. */
function sentence({ before, after }: FloorWords, name: string, tag: string): Cel {
  const start = before === '' ? '' : `${text(`${before} `)} + `
  return `${start}variables.${name}.join(", ") + ${text(` ${after} [${tag}]`)}`
}
