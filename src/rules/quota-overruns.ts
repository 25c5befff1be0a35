import type { View } from '../inventory/view.ts'
import type { KindName } from '../kinds/index.ts'
import type { Exposure, Quota } from '../policy/exposure.ts'
import type { Plan, ServiceClass } from '../policy/plan.ts'
import { exposureFor, type ExposurePolicies, type ExposureSubject } from '../policy/resolve-exposure.ts'
import { countedEips } from './counted-eips.ts'
import { countedServices, countsTowards } from './counted-services.ts'
import { eipQuota } from './eip-quota.ts'
import type { BoundRule } from './evaluate.ts'
import type { Finding } from './finding.ts'
import type { QuotaKind } from './findings/quota.ts'
import { RecordingView } from './recording-view.ts'
import type { AnyRule } from './rule.ts'
import { serviceQuota } from './service-quota.ts'

/** A tenant that has more than a quota allows, and what the policies make of that rule for it. */
export interface Overrun extends BoundRule {
  readonly tenant: string
  readonly finding: Extract<Finding, { code: 'quota-exceeded' }>
}

/** Of one of the rules about quotas that are in force. */
export interface QuotaAudit {
  readonly rule: AnyRule
  /** One for each tenant and policy, in the order of their names. */
  readonly overruns: readonly Overrun[]
  /** Kinds without which a tenant may have more than was counted. */
  readonly unknown: readonly KindName[]
}

/** What is counted, and by what. */
export interface QuotaContext {
  readonly view: View
  readonly plan: Plan
  readonly rules: readonly AnyRule[]
  readonly exposures: ExposurePolicies
}

/**
 * Who has more than its quota already: made before the quota was, past the webhook, or by several at once. Empty when no
 * policy states one. O(Services + OvnEips), times the quotas that one tenant has.
 */
export function quotaAudits(context: QuotaContext): readonly QuotaAudit[] {
  const { rules, exposures } = context
  const isStated = (limitOf: (policy: ExposurePolicies['policies'][number]) => number | undefined) =>
    exposures.policies.some(policy => limitOf(policy) !== undefined)
  return rules.flatMap(rule => {
    if (rule.id === serviceQuota.id && isStated(({ services }) => services?.quota?.loadBalancers))
      return [auditOf(rule, context, serviceUsages)]
    if (rule.id === eipQuota.id && isStated(({ ovnEips }) => ovnEips?.quota))
      return [auditOf(rule, context, eipUsages)]
    return []
  })
}

interface Usage {
  readonly of: QuotaKind
  readonly tenant: string
  readonly quota: Quota
  readonly exposure: Exposure
  readonly used: number
}

type UsagesOf = (context: QuotaContext) => Iterable<Usage>

function auditOf(rule: AnyRule, context: QuotaContext, usagesOf: UsagesOf): QuotaAudit {
  const view = new RecordingView(context.view)
  const overruns = [...usagesOf({ ...context, view })]
    .filter(({ used, quota }) => used > quota.limit)
    .flatMap(usage => overrunOf(rule, usage))
    .toSorted((a, b) => compare(a.tenant, b.tenant) || compare(a.finding.policy, b.finding.policy))
  return { rule, overruns, unknown: rule.reads.filter(kind => view.asked.has(kind) && !view.known(kind)) }
}

function overrunOf(rule: AnyRule, { of, tenant, quota, exposure, used }: Usage): readonly Overrun[] {
  const action = exposure.actions.get(rule.id) ?? rule.defaultAction
  if (action === 'off') return []
  const { limit, policy } = quota
  const at = { field: 'tenant', value: tenant, restsOn: [] }
  return [
    { rule, action, tenant, finding: { ...at, code: 'quota-exceeded', of, tenant, policy, limit, used } }
  ]
}

const CLASSES: readonly ServiceClass[] = ['controlPlane', 'mirrored', 'direct']

/** For each tenant each quota of a policy that one of its Services may have come under. */
function* serviceUsages({ view, plan, exposures }: QuotaContext): Generator<Usage> {
  for (const [tenant, services] of byTenant(countedServices(plan, view))) {
    const namespaces = new Map(services.map(({ service, labels }) => [service.meta.namespace, labels]))
    const subjects = [...namespaces.values()].flatMap(namespaceLabels =>
      CLASSES.map(serviceClass => subjectOf(tenant, { namespaceLabels, serviceClass }))
    )
    const byPolicy = new Map<string, { readonly quota: Quota; readonly exposure: Exposure }>()
    for (const exposure of new Set(subjects.map(subject => exposureFor(exposures, subject)))) {
      const quota = exposure.services.loadBalancers
      if (quota !== undefined && !byPolicy.has(quota.policy)) byPolicy.set(quota.policy, { quota, exposure })
    }
    for (const { quota, exposure } of byPolicy.values()) {
      const used = services.filter(service => countsTowards(quota, service, view)).length
      yield { of: 'Service', tenant, quota, exposure, used }
    }
  }
}

function* eipUsages({ view, plan, exposures }: QuotaContext): Generator<Usage> {
  for (const [tenant, eips] of byTenant(countedEips(plan, view))) {
    const exposure = exposureFor(exposures, subjectOf(tenant, {}))
    const { quota } = exposure.ovnEips
    if (quota !== undefined) yield { of: 'OvnEip', tenant, quota, exposure, used: eips.length }
  }
}

function subjectOf(tenant: string, of: Partial<ExposureSubject>): ExposureSubject {
  return {
    namespaceLabels: undefined,
    serviceClass: undefined,
    ...of,
    tenancy: { kind: 'tenant', name: tenant }
  }
}

function byTenant<T extends { readonly tenant: string }>(
  counted: Iterable<T>
): ReadonlyMap<string, readonly T[]> {
  const tenants = new Map<string, T[]>()
  for (const one of counted) {
    const known = tenants.get(one.tenant)
    if (known === undefined) tenants.set(one.tenant, [one])
    else known.push(one)
  }
  return tenants
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
