import type { Cursor } from './decode.ts'

export interface LabelSelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values: readonly string[]
}

/** metav1.LabelSelector: both parts are ANDed; a selector with neither matches everything. */
export interface LabelSelector {
  readonly matchLabels: ReadonlyMap<string, string>
  readonly matchExpressions: readonly LabelSelectorRequirement[]
}

export function decodeLabelSelector(selector: Cursor): LabelSelector {
  return {
    matchLabels: selector.at('matchLabels').stringMap(),
    matchExpressions: selector
      .at('matchExpressions')
      .items()
      .map(requirement => ({
        key: requirement.at('key').string(),
        operator: requirement.at('operator').string(),
        values: requirement.at('values').strings()
      }))
  }
}

/** True when `labels` satisfy every part of the selector. An unknown operator matches nothing, as MetalLB refuses it. */
export function selectorMatches(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of selector.matchLabels) if (labels.get(key) !== value) return false
  return selector.matchExpressions.every(requirement => requirementMatches(requirement, labels))
}

/** True when at least one selector matches; an empty list matches nothing. MetalLB ORs its selector lists. */
export function anySelectorMatches(
  selectors: readonly LabelSelector[],
  labels: ReadonlyMap<string, string>
): boolean {
  return selectors.some(selector => selectorMatches(selector, labels))
}

/** The selector as kubectl writes one: `tier=gold,rack in (a,b),!old`; '' when it matches everything. */
export function selectorText({ matchLabels, matchExpressions }: LabelSelector): string {
  const labels = [...matchLabels].map(([key, value]) => `${key}=${value}`)
  return [...labels, ...matchExpressions.map(requirementText)].join(',')
}

function requirementText({ key, operator, values }: LabelSelectorRequirement): string {
  switch (operator) {
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    default:
      return `${key} ${operator.toLowerCase()} (${values.join(',')})`
  }
}

function requirementMatches(
  requirement: LabelSelectorRequirement,
  labels: ReadonlyMap<string, string>
): boolean {
  const value = labels.get(requirement.key)
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/**
 * One text for selectors that MetalLB takes for equal: labels in any order, values in any order, expressions in the same one;
 * a label and an expression that means the same are not equal (internal/config, validateLabelSelectorDuplicate).
 */
export function selectorKey({ matchLabels, matchExpressions }: LabelSelector): string {
  const labels = [...matchLabels].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([labels, matchExpressions.map(requirementKey)])
}

/** The same for one expression. */
export function requirementKey({ key, operator, values }: LabelSelectorRequirement): string {
  return JSON.stringify([key, operator, values.toSorted()])
}
