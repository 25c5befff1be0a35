import type { SelectorFinding, SelectorProblem } from '../../rules/findings/selector.ts'

/** The predicates of findings about lists and label selectors: nothing in them is about other objects. */
export function selectorWords(finding: SelectorFinding): string {
  return finding.code === 'repeated'
    ? `repeats ${finding.otherField}, for which MetalLB refuses its whole configuration. Keep one of the two.`
    : `${PROBLEMS[finding.problem]}.`
}

const PROBLEMS: Readonly<Record<SelectorProblem, string>> = {
  operator: 'is no operator of a label selector: use In, NotIn, Exists or DoesNotExist',
  'values-missing': 'has no values: In and NotIn need at least one',
  'values-given': 'has values, which Exists and DoesNotExist do not take',
  key: 'is no label key: at most 63 letters, digits, -, _ and ., after a DNS name and / if it has one',
  value: 'is no label value: at most 63 letters, digits, -, _ and ., the first and last a letter or digit'
}
