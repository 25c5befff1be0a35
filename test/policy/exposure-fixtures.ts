import type { Action } from '../../src/policy/action.ts'
import type { Exposure } from '../../src/policy/exposure.ts'
import type { ServiceClass } from '../../src/policy/plan.ts'
import { parsePolicies, type PolicySet } from '../../src/policy/policy-set.ts'
import { exposureFor, type ExposureSubject } from '../../src/policy/resolve-exposure.ts'
import type { Tenancy } from '../../src/policy/tenancy.ts'

export const RULES = ['pool-reserved-range', 'service-port', 'eip-type'] as const
const KNOWN_RULES: ReadonlyMap<string, Action> = new Map(RULES.map(id => [id, 'deny']))

/** An ExposurePolicy's spec, as far as these tests write it. */
export interface Spec {
  readonly appliesTo?: {
    readonly tenants?: readonly string[]
    readonly exceptTenants?: readonly string[]
    readonly namespaceSelector?: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly serviceClasses?: readonly ServiceClass[]
  }
  readonly actions?: Readonly<Record<string, Action>>
  readonly pools?: { readonly allowed: readonly string[] }
  readonly services?: {
    readonly allowedTypes?: readonly string[]
    readonly addressRequests?: 'denied' | 'withinGrants'
    readonly externalIPs?: { readonly allowedRanges: readonly string[] }
    readonly loadBalancerSourceRanges?: {
      readonly required?: boolean
      readonly allowedRanges?: readonly string[]
    }
    readonly loadBalancerClasses?: { readonly allowed: readonly string[] }
    readonly ports?: { readonly denied: readonly string[] }
    readonly sharedAddresses?: 'never' | 'withinNamespace' | 'withinTenant'
    readonly quota?: { readonly loadBalancers: number }
  }
  readonly ovnEips?: {
    readonly externalSubnets?: readonly string[]
    readonly staticAddresses?: 'denied' | 'withinGrants'
    readonly quota?: number
  }
  readonly exemptions?: readonly Readonly<Record<string, unknown>>[]
}

export interface Named {
  readonly name: string
  readonly spec: Spec
}

export function parsed(policies: readonly Named[], planSpec: object = {}): PolicySet {
  const documents = [
    { kind: 'NetworkPlan', metadata: { name: 'dc1' }, spec: planSpec },
    ...policies.map(({ name, spec }) => ({ kind: 'ExposurePolicy', metadata: { name }, spec }))
  ]
  const files = documents.map((document, i) => {
    const json = JSON.stringify({ apiVersion: 'poolguard.io/v1alpha1', ...document })
    const isPlan = document.kind === 'NetworkPlan'
    // A policy keeps its file wherever it stands, as its exemptions say where they are.
    return { path: isPlan ? 'plan.json' : `${policies[i - 1]?.name ?? ''}.json`, text: json }
  })
  const result = parsePolicies(files, KNOWN_RULES)
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.policies
}

export function exposureOf(policies: readonly Named[], subject: Partial<ExposureSubject> = {}): Exposure {
  const { exposures } = parsed(policies)
  return exposureFor(exposures, {
    tenancy: ACME,
    namespaceLabels: undefined,
    serviceClass: undefined,
    ...subject
  })
}

export const ACME: Tenancy = { kind: 'tenant', name: 'acme' }
export const BETA: Tenancy = { kind: 'tenant', name: 'beta' }
export const PLATFORM: Tenancy = { kind: 'platform' }
export const CLAIMS_ACME: Tenancy = { kind: 'inconsistent', name: 'acme', reason: 'owner-mismatch' }
export const UNMAPPED: Tenancy = { kind: 'unmapped' }
export const UNKNOWN: Tenancy = { kind: 'unknown', missing: 'Namespace' }
export const EVERYBODY = [PLATFORM, ACME, BETA, CLAIMS_ACME, UNMAPPED, UNKNOWN]
