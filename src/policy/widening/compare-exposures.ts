import type { Action, KnownRules } from '../action.ts'
import type { Exposure } from '../exposure.ts'
import { grantedPools, grantedSubnets } from '../grants.ts'
import { SERVICE_CLASSES } from '../plan.ts'
import { exposureFor, type ExposureSubject } from '../resolve-exposure.ts'
import { denyingCustomRules, looserCustomRules } from './compare-custom-rules.ts'
import { looserLimits, type SubjectLimits } from './compare-limits.ts'
import { freshExemptions } from './exemption-cover.ts'
import { ANY_TENANT, exposureSubjects, type PolicySides } from './exposure-subjects.ts'
import { isIdle } from './idle-rules.ts'
import { meaningOf, wordingOf, type Loosening } from './loosening.ts'

export interface ExposureComparison {
  readonly loosenings: readonly Loosening[]
  /** The rules that refuse something of somebody by the base. */
  readonly denying: ReadonlySet<string>
}

export interface ComparisonFacts {
  /** Every rule and its own action. */
  readonly knownRules: KnownRules
  /** Milliseconds since 1970: exemptions end. */
  readonly nowMs: number
}

/**
 * What the proposal's ExposurePolicies, and the grants that they and the plan make together, let anybody do that the base's do
 * not: every sort of request that either can tell apart is looked up in both, so neither names nor the way that policies are
 * divided matter. Where there are too many sorts to go through, every rule may be loosened. O(subjects * policies).
 */
export function compareExposures(
  base: PolicySides,
  proposal: PolicySides,
  facts: ComparisonFacts
): ExposureComparison {
  const subjects = exposureSubjects([base, proposal])
  if (subjects === undefined) return tooMany(base, proposal, facts)
  const denying = new Set<string>()
  const found = new Map<string, { readonly loosening: Loosening; readonly subjects: ExposureSubject[] }>()
  for (const subject of subjects) {
    const [before, after] = [
      { side: base, subject },
      { side: proposal, subject }
    ]
    for (const loosening of loosenedBetween(before, after, { ...facts, denying })) {
      const key = JSON.stringify(loosening)
      const known = found.get(key) ?? { loosening, subjects: [] }
      known.subjects.push(subject)
      found.set(key, known)
    }
  }
  const loosenings = [...found.values()].map(({ loosening, subjects: whose }) =>
    whose.length === subjects.length
      ? loosening
      : { ...loosening, text: `${loosening.text} (${subjectsText(whose)})` }
  )
  return { loosenings, denying }
}

function tooMany(
  base: PolicySides,
  proposal: PolicySides,
  { knownRules }: ComparisonFacts
): ExposureComparison {
  const text = 'the policies select more sorts of namespaces than can be compared'
  const rules = [...knownRules.keys()]
  const isSame = sameExposures(base, proposal)
  return {
    loosenings: isSame ? [] : [{ rules, document: 'ExposurePolicy', path: ['spec', 'appliesTo'], text }],
    denying: new Set(rules)
  }
}

/** In the same words: names of exempted objects and what `params` of custom rules hold count, and so does a policy's own name. */
function sameExposures(base: PolicySides, proposal: PolicySides): boolean {
  const of = ({ exposures }: PolicySides) => exposures.policies.map(wordingOf).toSorted().join('\n')
  return of(base) === of(proposal) && meaningOf(base.plan.globalPool) === meaningOf(proposal.plan.globalPool)
}

/** A request, and the policies it is judged by. */
export interface Standing {
  readonly side: PolicySides
  readonly subject: ExposureSubject
}

/** What `after` may do that `before` may not. Rules that refuse something of `before` are added to `denying`. */
export function loosenedBetween(
  before: Standing,
  after: Standing,
  { knownRules, nowMs, denying }: ComparisonFacts & { readonly denying?: Set<string> }
): readonly Loosening[] {
  const base = exposureFor(before.side.exposures, before.subject)
  const proposal = exposureFor(after.side.exposures, after.subject)
  const loosenings: Loosening[] = []
  const add = (rules: readonly string[], path: readonly string[], text: string) => {
    const denied = rules.filter(rule => refusesBy(rule, base, knownRules))
    if (denied.length > 0)
      loosenings.push({ rules: denied, document: 'ExposurePolicy', path: ['spec', ...path], text })
  }
  for (const rule of knownRules.keys()) {
    if (!refusesBy(rule, base, knownRules)) continue
    denying?.add(rule)
    const action = actionOf(rule, proposal, knownRules)
    if (action !== 'deny') add([rule], ['actions', rule], `${rule} was deny and is ${action}`)
  }
  for (const { rules, path, text } of looserLimits(limitsOf(before, base), limitsOf(after, proposal)))
    add(rules, path, text)
  const custom = { exposures: before.side.exposures, exposure: base }
  const denyingCustom = new Set(denyingCustomRules(custom))
  for (const rule of denyingCustom) denying?.add(rule)
  for (const { rule, text } of looserCustomRules(custom, {
    exposures: after.side.exposures,
    exposure: proposal
  }))
    loosenings.push({ rules: [rule], document: 'ExposurePolicy', path: ['spec', 'customRules'], text })
  for (const { rule, text } of freshExemptions(base.exemptions, proposal.exemptions, nowMs)) {
    if (denyingCustom.has(rule))
      loosenings.push({ rules: [rule], document: 'ExposurePolicy', path: ['spec', 'exemptions'], text })
    else add([rule], ['exemptions'], text)
  }
  return loosenings
}

function refusesBy(rule: string, exposure: Exposure, knownRules: KnownRules): boolean {
  return actionOf(rule, exposure, knownRules) === 'deny' && !isIdle(rule, exposure)
}

function actionOf(rule: string, { actions }: Exposure, knownRules: KnownRules): Action {
  return actions.get(rule) ?? knownRules.get(rule) ?? 'off'
}

function limitsOf(
  { subject: { tenancy, serviceClass }, side: { plan } }: Standing,
  exposure: Exposure
): SubjectLimits {
  const grantee = { plan, tenancy, exposure }
  const { services, ovnEips } = exposure
  // What is no Service has no class, and no pools either: any class will do.
  const pools = grantedPools(grantee, serviceClass ?? SERVICE_CLASSES[2])
  const keepsReserved = tenancy.kind !== 'platform'
  return { services, ovnEips, pools, subnets: grantedSubnets(grantee), keepsReserved }
}

/** The first subject, and how many more sorts there are. */
function subjectsText(subjects: readonly ExposureSubject[]): string {
  const [first] = subjects
  if (first === undefined) return ''
  const { tenancy, namespaceLabels, serviceClass } = first
  const whose =
    tenancy.kind === 'tenant'
      ? tenantText(tenancy.name)
      : tenancy.kind === 'platform'
        ? 'the platform'
        : 'owners that nobody knows'
  const labels = [...(namespaceLabels ?? [])].map(([key, value]) => `${key}=${value}`).join(',')
  const what = serviceClass === undefined ? '' : `, ${serviceClass} Services`
  const where = labels === '' ? '' : `, in namespaces with ${labels}`
  return `${whose}${what}${where}${subjects.length > 1 ? ', and others' : ''}`
}

function tenantText(name: string): string {
  return name.startsWith(ANY_TENANT) ? 'tenants that nothing names' : `tenant ${name}`
}
