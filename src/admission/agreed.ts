import { formatDash } from '../address/format.ts'
import { refKey } from '../kinds/object-ref.ts'
import type { Evaluation, Judged, UnjudgedRule } from '../rules/evaluate.ts'

/** What rules say of a stored object, which no live read can change. */
type Said = Pick<Evaluation, 'findings' | 'unjudged'>

/** What holds whoever wrote an object, and the rules whose answer depends on who did. */
export interface Agreed extends Said {
  readonly unsettled: readonly Judged['rule'][]
}

/**
 * What all of these evaluations of one object say alike, in the order of the first and with the mildest action, though the
 * ways out may differ. Linear in what they say.
 */
export function agreed(evaluations: readonly Said[]): Agreed {
  const [first = { findings: [], unjudged: [] }, ...others] = evaluations
  if (others.length === 0) return { findings: first.findings, unjudged: first.unjudged, unsettled: [] }
  const byFact = evaluations.map(
    ({ findings }) => new Map(findings.map(judged => [factKey(judged), judged.action]))
  )
  const actionsOn = (judged: Judged) => byFact.map(facts => facts.get(factKey(judged)))
  const isCommon = (judged: Judged) => !actionsOn(judged).includes(undefined)
  const all = evaluations.flatMap(({ findings }) => findings)
  const unjudged = evaluations.flatMap(evaluation => evaluation.unjudged)
  return {
    findings: first.findings
      .filter(isCommon)
      .map(judged => ({ ...judged, action: mildest(actionsOn(judged)) })),
    unjudged: [...new Map(unjudged.map(one => [unjudgedKey(one), one])).values()],
    unsettled: [...new Set(all.filter(judged => !isCommon(judged)).map(({ rule }) => rule))]
  }
}

/** Equal for the same thing found at the same place. */
function factKey({ rule, finding }: Judged): string {
  const { code, field, value, restsOn } = finding
  const text = finding.code === 'custom-rule' ? finding.text : ''
  const range = 'range' in finding ? formatDash(finding.range) : ''
  return JSON.stringify([rule.id, code, field, value, text, range, ...restsOn.map(refKey)])
}

function mildest(actions: readonly (Judged['action'] | undefined)[]): Judged['action'] {
  return (['audit', 'warn'] as const).find(action => actions.includes(action)) ?? 'deny'
}

function unjudgedKey({ rule, reason }: UnjudgedRule): string {
  return `${rule.id} ${JSON.stringify(reason)}`
}
