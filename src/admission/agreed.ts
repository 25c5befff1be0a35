import type { Evaluation, Judged, UnjudgedRule } from '../rules/evaluate.ts'

/** What holds whoever wrote an object, and the rules whose answer depends on who did. */
export interface Agreed extends Evaluation {
  readonly unsettled: readonly Judged['rule'][]
}

/** What all of these evaluations of one object say alike, in the order of the first. Linear in what they say. */
export function agreed(evaluations: readonly Evaluation[]): Agreed {
  const [first = { findings: [], unjudged: [] }, ...others] = evaluations
  if (others.length === 0) return { ...first, unsettled: [] }
  const said = evaluations.map(({ findings }) => new Set(findings.map(findingKey)))
  const isCommon = (judged: Judged) => said.every(keys => keys.has(findingKey(judged)))
  const all = evaluations.flatMap(({ findings }) => findings)
  const unjudged = evaluations.flatMap(evaluation => evaluation.unjudged)
  return {
    findings: first.findings.filter(isCommon),
    unjudged: [...new Map(unjudged.map(one => [unjudgedKey(one), one])).values()],
    unsettled: [...new Set(all.filter(judged => !isCommon(judged)).map(({ rule }) => rule))]
  }
}

function findingKey({ rule, action, finding }: Judged): string {
  // addresses are bigints, which JSON has not
  const text = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
  return `${rule.id} ${action} ${JSON.stringify(finding, text)}`
}

function unjudgedKey({ rule, reason }: UnjudgedRule): string {
  return `${rule.id} ${JSON.stringify(reason)}`
}
