import type { Action, KnownRules } from './action.ts'
import { appliesToOf, type AppliesTo } from './applies-to.ts'
import { decodeDocument, inTextOrder, type DecodedDocument } from './decode-document.ts'
import type { DocumentError } from './document-error.ts'
import { exemptionOf, type Exemption } from './exemption.ts'
import { exposureProblems } from './exposure-problems.ts'
import { exposurePolicy, type ExposureSpec } from './exposure-schema.ts'
import { documentError, type PolicySource } from './problem.ts'
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
  readonly exemptions: readonly Exemption[]
  readonly widenings: readonly WideningDeclaration[]
}

/** Fields that are documented and not built yet: a policy that relies on one must not pass as obeyed. */
const LATER_KEYS: ReadonlySet<string> = new Set(['spec.customRules'])

/** Reads an ExposurePolicy; rule ids that are not in `knownRules` are errors. */
export function decodeExposurePolicy(
  source: PolicySource,
  knownRules: KnownRules
): DecodedDocument<ExposurePolicy> {
  const decoded = decodeDocument(exposurePolicy, source)
  const problems = exposureProblems(source.document, knownRules)
  if (decoded.ok && problems.length === 0) {
    const { metadata, spec } = decoded.value
    return { ok: true, value: policyOf(metadata.name, spec, source) }
  }
  const others = decoded.ok ? [] : decoded.errors.map(unsupported)
  return {
    ok: false,
    errors: inTextOrder([...others, ...problems.map(problem => documentError(source, problem))])
  }
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
    exemptions: exemptions.map((exemption, i) => exemptionOf(exemption, i, { policy: name, source })),
    widenings: wideningDeclarationsOf(widenings)
  }
}

function unsupported(error: DocumentError): DocumentError {
  const isLater = error.message === 'unknown key' && LATER_KEYS.has(error.field)
  return isLater ? { ...error, message: 'is not supported by this version', hint: 'take it out' } : error
}
