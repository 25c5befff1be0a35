import {
  requirementKey,
  selectorKey,
  selectorText,
  type LabelSelector,
  type LabelSelectorRequirement
} from '../kinds/label-selector.ts'
import type { SelectorFinding, SelectorProblem } from './findings/selector.ts'
import { isLabelKey, isLabelValue } from './label-syntax.ts'

/**
 * What MetalLB refuses in a list of texts: one that is there twice. `list` is the field of the list, `fieldOf` the field of
 * the text at a place in it. O(length).
 */
export function repeatedTexts(
  list: string,
  texts: readonly string[],
  fieldOf = (i: number) => `${list}[${i}]`
): SelectorFinding[] {
  return repeats(texts, text => text).map(({ item, i, first }) =>
    repeated(list, item, fieldOf(i), fieldOf(first))
  )
}

/** What MetalLB refuses in a list of selectors: equal ones, and what one of them may not have. O(size). */
export function selectorFindings(list: string, selectors: readonly LabelSelector[]): SelectorFinding[] {
  const equal = repeats(selectors, selectorKey).map(({ item, i, first }) =>
    repeated(list, selectorText(item), `${list}[${i}]`, `${list}[${first}]`)
  )
  const parts = selectors.flatMap((selector, i) => [
    ...repeatsWithin(list, `${list}[${i}].matchExpressions`, selector),
    ...invalidSelector(list, `${list}[${i}]`, selector)
  ])
  return [...equal, ...parts]
}

/** Equal expressions, and values that an expression has twice. */
function repeatsWithin(list: string, path: string, { matchExpressions }: LabelSelector): SelectorFinding[] {
  const equal = repeats(matchExpressions, requirementKey).map(({ item, i, first }) =>
    repeated(list, item.key, `${path}[${i}]`, `${path}[${first}]`)
  )
  const values = matchExpressions.flatMap((expression, i) =>
    repeatedTexts(list, expression.values, j => `${path}[${i}].values[${j}]`)
  )
  return [...equal, ...values]
}

/** What metav1.LabelSelectorAsSelector refuses, part by part. */
export function invalidSelector(
  list: string,
  field: string,
  { matchLabels, matchExpressions }: LabelSelector
): SelectorFinding[] {
  const labels = [...matchLabels].flatMap(([key, value]) => {
    const at = `${field}.matchLabels[${key}]`
    return [
      ...(isLabelKey(key) ? [] : [bad(list, at, key, 'key')]),
      ...(isLabelValue(value) ? [] : [bad(list, at, value, 'value')])
    ]
  })
  const expressions = matchExpressions.flatMap((expression, i) =>
    invalidRequirement(list, `${field}.matchExpressions[${i}]`, expression)
  )
  return [...labels, ...expressions]
}

function invalidRequirement(
  list: string,
  field: string,
  { key, operator, values }: LabelSelectorRequirement
): SelectorFinding[] {
  const needsValues = NEEDS_VALUES.get(operator)
  const found: SelectorFinding[] = []
  if (needsValues === undefined) found.push(bad(list, `${field}.operator`, operator, 'operator'))
  else if (needsValues !== values.length > 0)
    found.push(bad(list, field, `${key} ${operator}`, needsValues ? 'values-missing' : 'values-given'))
  if (!isLabelKey(key)) found.push(bad(list, `${field}.key`, key, 'key'))
  values.forEach((value, i) => {
    if (!isLabelValue(value)) found.push(bad(list, `${field}.values[${i}]`, value, 'value'))
  })
  return found
}

const NEEDS_VALUES: ReadonlyMap<string, boolean> = new Map([
  ['In', true],
  ['NotIn', true],
  ['Exists', false],
  ['DoesNotExist', false]
])

function bad(list: string, field: string, value: string, problem: SelectorProblem): SelectorFinding {
  return { code: 'bad-selector', list, field, value, problem, restsOn: [] }
}

function repeated(list: string, value: string, field: string, otherField: string): SelectorFinding {
  return { code: 'repeated', list, field, value, otherField, restsOn: [] }
}

/** The items whose key an earlier one has as well, with the first place of it. */
function repeats<T>(
  items: readonly T[],
  keyOf: (item: T) => string
): { readonly item: T; readonly i: number; readonly first: number }[] {
  const places = new Map<string, number>()
  return items.flatMap((item, i) => {
    const key = keyOf(item)
    const first = places.get(key)
    if (first === undefined) places.set(key, i)
    return first === undefined ? [] : [{ item, i, first }]
  })
}
