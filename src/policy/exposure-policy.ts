import type { Action, KnownRules } from './action.ts'
import { appliesToOf, type AppliesTo } from './applies-to.ts'
import { decodeDocument, inTextOrder, type DecodedDocument } from './decode-document.ts'
import { customRuleOf, expressionErrors, type CustomRule } from './custom-rule.ts'
import { exemptionOf, type Exemption } from './exemption.ts'
import { exposureProblems } from './exposure-problems.ts'
import { exposurePolicy, type ExposureSpec } from './exposure-schema.ts'
import { documentErrors, type PolicySource } from './problem.ts'
import { wideningDeclarationsOf, type WideningDeclaration } from './widening/declaration.ts'

/** An ExposurePolicy as read. What it leaves out it does not restrict; empty lists allow none. */
export interface ExposurePolicy {
  readonly name: string
  readonly appliesTo: AppliesTo
  /** Empty when it names no rule. */
  readonly actions: ReadonlyMap<string, Action>
  readonly pools: ExposureSpec['pools']
  readonly services: ExposureSpec['services']
  readonly ovnEips: ExposureSpec['ovnEips']
  readonly customRules: readonly CustomRule[]
  readonly exemptions: readonly Exemption[]
  readonly widenings: readonly WideningDeclaration[]
}

/** Reads an ExposurePolicy; rule ids that are not in `knownRules`, which holds those of custom rules too, are errors. */
export function decodeExposurePolicy(
  source: PolicySource,
  knownRules: KnownRules
): DecodedDocument<ExposurePolicy> {
  const decoded = decodeDocument(exposurePolicy, source)
  const problems = exposureProblems(source.document, knownRules)
  const errors = [
    ...(decoded.ok ? [] : decoded.errors),
    ...documentErrors(source, problems),
    ...expressionErrors(source)
  ]
  if (!decoded.ok || errors.length > 0) return { ok: false, errors: inTextOrder(errors) }
  const { metadata, spec } = decoded.value
  return { ok: true, value: policyOf(metadata.name, spec, source) }
}

function policyOf(name: string, spec: ExposureSpec, source: PolicySource): ExposurePolicy {
  const { appliesTo, actions = {}, pools, services, ovnEips, exemptions, widenings } = spec
  return {
    name,
    appliesTo: appliesToOf(appliesTo),
    actions: new Map(Object.entries(actions)),
    pools,
    services,
    ovnEips,
    customRules: spec.customRules.flatMap(rule => customRuleOf(rule, name) ?? []),
    exemptions: exemptions.map((exemption, i) => exemptionOf(exemption, i, { policy: name, source })),
    widenings: wideningDeclarationsOf(widenings)
  }
}
