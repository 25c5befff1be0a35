import { isRecord } from '../kinds/decode.ts'
import type { KnownRules } from './action.ts'
import { canonicalText } from './canonical.ts'
import { decodeDocument, errorsOf, inTextOrder, valuesOf } from './decode-document.ts'
import type { DecodedDocument } from './decode-document.ts'
import type { DocumentError } from './document-error.ts'
import { defaultGrantErrors } from './default-grants.ts'
import { repeatedIds, withCustomRules } from './custom-rule-ids.ts'
import { decodeExposurePolicy } from './exposure-policy.ts'
import { didYouMean } from './nearest-name.ts'
import { networkPlan } from './network-plan.ts'
import type { Plan } from './plan.ts'
import { planProblems } from './plan-problems.ts'
import { documentError, documentErrors, type PolicySource } from './problem.ts'
import { exposurePolicies, type ExposurePolicies } from './resolve-exposure.ts'
import { resolvePlan } from './resolve-plan.ts'
import { API_VERSION } from './schema-fields.ts'
import { wideningProblems } from './widening/declaration.ts'
import { readYaml } from './yaml-source.ts'

/** The text of one file; `path` is only for messages. */
export interface PolicyFile {
  readonly path: string
  readonly text: string
}

/** All policies in force, as one. */
export interface PolicySet {
  readonly plan: Plan
  readonly exposures: ExposurePolicies
  /** All that the documents say, as one text: equal for sets that say the same, whatever their files, order and layout. */
  readonly canonical: string
}

export type ParsedPolicies =
  | { readonly ok: true; readonly policies: PolicySet }
  | { readonly ok: false; readonly errors: readonly DocumentError[] }

/**
 * 512 Ki UTF-16 units. Each of the 4,094 VLANs (IEEE 802.1Q) given to a tenant makes a plan of about 400 KiB, there is only
 * one plan, and a ConfigMap holds 1 MiB. Reading takes about 1 us a character, so that nothing people write takes a second.
 */
const MAX_LENGTH = 512 * 1024

/** Reads a set of policy files. PolicyTests among them are passed over; errors come by file, then line. */
export function parsePolicies(files: readonly PolicyFile[], knownRules: KnownRules): ParsedPolicies {
  const streams = files.map(({ path, text }) => ({ path, ...readYaml(path, text, MAX_LENGTH) }))
  const sources = streams.flatMap(({ path, documents }) => documents.map(document => ({ path, document })))
  const unread = streams.flatMap(stream => stream.errors)
  return parseSources({ sources, unread, paths: files.map(file => file.path) }, knownRules)
}

/** Reads policies that are documents already, such as those inside a PolicyTest. */
export function parsePolicyDocuments(
  sources: readonly PolicySource[],
  knownRules: KnownRules
): ParsedPolicies {
  const paths = [...new Set(sources.map(source => source.path))]
  return parseSources({ sources, unread: [], paths }, knownRules)
}

interface Input {
  readonly sources: readonly PolicySource[]
  /** What could not be read at all. */
  readonly unread: readonly DocumentError[]
  readonly paths: readonly string[]
}

function parseSources({ sources, unread, paths }: Input, knownRules: KnownRules): ParsedPolicies {
  const kinds = sources.map(policyKindOf)
  const ofKind = (kind: PolicyKind) =>
    sources.filter((_source, i) => {
      const decoded = kinds[i]
      return decoded?.ok === true && decoded.value === kind
    })
  const planSources = ofKind('NetworkPlan')
  const policySources = inOneOrder(ofKind('ExposurePolicy'))
  const known = withCustomRules(knownRules, policySources)
  const plans = planSources.map(source => decodePlan(source, known))
  const exposure = policySources.map(source => decodeExposurePolicy(source, known))
  const errors = [
    ...unread,
    ...errorsOf(kinds),
    ...errorsOf(plans),
    ...errorsOf(exposure),
    ...repeatedIds(knownRules, policySources)
  ]
  if (planSources.length > 1) errors.push(...severalPlans(planSources))
  // A document that could not be read may have been the plan.
  if (planSources.length === 0 && errors.length === 0) errors.push(noPlan(paths))
  const plan = valuesOf(plans)[0]
  if (plan === undefined || errors.length > 0) return { ok: false, errors: inTextOrder(errors) }
  const placed = policySources.flatMap((source, i) => {
    const decoded = exposure[i]
    return decoded?.ok === true ? [{ policy: decoded.value, source }] : []
  })
  const contradictions = defaultGrantErrors(plan, placed)
  if (contradictions.length > 0) return { ok: false, errors: inTextOrder(contradictions) }
  const exposures = exposurePolicies(placed.map(({ policy }) => policy))
  const canonical = [...planSources, ...policySources].map(textOf).join('\n')
  return { ok: true, policies: { plan, exposures, canonical } }
}

/** Sorted by what they say, so that nothing can depend on the order of files. */
function inOneOrder(sources: readonly PolicySource[]): readonly PolicySource[] {
  const keyed = sources.map(source => ({ source, key: `${textOf(source)} ${source.path}` }))
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ source }) => source)
}

function textOf({ document }: PolicySource): string {
  return canonicalText(document.value)
}

const POLICY_KINDS = ['NetworkPlan', 'ExposurePolicy', 'PolicyTest'] as const
export type PolicyKind = (typeof POLICY_KINDS)[number]

/** Which of the three kinds a document is; or what is wrong with its apiVersion or kind. */
export function policyKindOf(source: PolicySource): DecodedDocument<PolicyKind> {
  const { value } = source.document
  const fail = (key: string, message: string, hint: string): DecodedDocument<PolicyKind> => {
    const path = key === '' ? [] : [key]
    return { ok: false, errors: [documentError(source, { path, at: 'value', message, hint })] }
  }
  if (!isRecord(value)) return fail('', 'expected a mapping with apiVersion, kind and spec', '')
  const { apiVersion, kind } = value
  if (apiVersion !== API_VERSION) {
    const message = apiVersion === undefined ? 'is required' : 'is not a version of poolguard policies'
    return fail('apiVersion', message, `apiVersion: ${API_VERSION}`)
  }
  const known = POLICY_KINDS.find(name => name === kind)
  if (known !== undefined) return { ok: true, value: known }
  const near = typeof kind === 'string' ? didYouMean(kind, POLICY_KINDS) : ''
  const message = kind === undefined ? 'is required' : 'is no kind of policy'
  return fail('kind', message, near || `one of ${POLICY_KINDS.join(', ')}`)
}

function decodePlan(source: PolicySource, knownRules: KnownRules): DecodedDocument<Plan> {
  const decoded = decodeDocument(networkPlan, source)
  if (!decoded.ok) return decoded
  const problems = [...planProblems(decoded.value.spec), ...wideningProblems(source.document, knownRules)]
  if (problems.length === 0) return { ok: true, value: resolvePlan(decoded.value) }
  return { ok: false, errors: inTextOrder(documentErrors(source, problems)) }
}

function severalPlans([first, ...others]: readonly PolicySource[]): DocumentError[] {
  if (!first) return []
  const { line } = first.document.position([])
  const message = `there must be exactly one NetworkPlan; another is at ${first.path}:${line}`
  return others.map(source =>
    documentError(source, { path: ['kind'], at: 'value', message, hint: 'keep one' })
  )
}

function noPlan(paths: readonly string[]): DocumentError {
  const path = paths.length === 0 ? 'policies' : paths.join(', ')
  const message = paths.length === 0 ? 'no files: a NetworkPlan is required' : 'there is no NetworkPlan'
  return { path, line: 0, column: 0, field: '', value: '', message, hint: 'add exactly one' }
}
