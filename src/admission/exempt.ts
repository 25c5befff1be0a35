import { exemptionFor, type ExemptableWrite, type Exemption } from '../policy/exemption.ts'
import type { Exposure } from '../policy/exposure.ts'
import type { Evaluation, Judged } from '../rules/evaluate.ts'
import type { Review } from './review.ts'

/** A finding that an exemption lets pass: it neither denies nor warns, whatever its rule's action. */
export interface Exempted extends Judged {
  readonly exemption: Exemption
}

export interface ExemptEvaluation extends Evaluation {
  /** In the order of the rule list. */
  readonly exempted: readonly Exempted[]
}

/**
 * Takes the findings out that an exemption lets pass at this time. What could not be judged stays so, and closes the write
 * as for everybody. O(findings + exemptions * rules that found something).
 */
export function withExemptions(
  evaluation: Evaluation,
  write: ExemptableWrite,
  { exemptions }: Exposure,
  nowMs: number
): ExemptEvaluation {
  const { findings } = evaluation
  if (exemptions.length === 0 || findings.length === 0) return { ...evaluation, exempted: [] }
  const ids = new Set(findings.map(({ rule }) => rule.id))
  const byRule = new Map([...ids].map(id => [id, exemptionFor(exemptions, id, write, nowMs)]))
  return {
    ...evaluation,
    findings: findings.filter(({ rule }) => byRule.get(rule.id) === undefined),
    exempted: findings.flatMap(judged => {
      const exemption = byRule.get(judged.rule.id)
      return exemption === undefined ? [] : [{ ...judged, exemption }]
    })
  }
}

/** Whom and what exemptions of a review's write must name. */
export function exemptableWrite({ kindName, namespace, name, username, groups }: Review): ExemptableWrite {
  return { ref: { kind: kindName, namespace, name }, username, groups }
}
