import type { At } from './at.ts'

/** What no label selector may have (metav1.LabelSelectorAsSelector). */
export type SelectorProblem = 'operator' | 'values-missing' | 'values-given' | 'key' | 'value'

/** The facts that rules state about lists and label selectors of MetalLB's objects. `list` is the field of the whole list. */
export type SelectorFinding =
  | (At & { readonly code: 'repeated'; readonly list: string; readonly otherField: string })
  | (At & { readonly code: 'bad-selector'; readonly list: string; readonly problem: SelectorProblem })
