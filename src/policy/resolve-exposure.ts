import type { Action } from './action.ts'
import { appliesToClass, appliesToNamespace, appliesToWhom, isUnlimited } from './applies-to.ts'
import { combined } from './combine-exposure.ts'
import type { Exemption } from './exemption.ts'
import type { ExposurePolicy } from './exposure-policy.ts'
import type { Exposure } from './exposure.ts'
import type { ServiceClass } from './plan.ts'
import type { Tenancy } from './tenancy.ts'

/** What a request is about, as far as policies select by it. */
export interface ExposureSubject {
  /** Whose the object is. */
  readonly tenancy: Tenancy
  /** Of its Namespace; undefined: it is in none, or in one that is not known. */
  readonly namespaceLabels: ReadonlyMap<string, string> | undefined
  /** undefined: it is no Service. */
  readonly serviceClass: ServiceClass | undefined
}

/** The policies for one owner and class. */
interface Prepared {
  /** Those that apply whatever the namespace. */
  readonly fixed: readonly ExposurePolicy[]
  /** Those that apply in some namespaces only. */
  readonly selecting: readonly ExposurePolicy[]
  /** Of the fixed ones alone. */
  readonly exposure: Exposure
}

interface ByOwner {
  readonly platform: Prepared
  /** Tenants that some policy names. */
  readonly tenants: ReadonlyMap<string, Prepared>
  /** Everybody else. */
  readonly others: Prepared
}

/** All ExposurePolicies in force. */
export interface ExposurePolicies {
  readonly policies: readonly ExposurePolicy[]
  /** `none`: for what is no Service. */
  readonly byClass: Readonly<Record<ServiceClass | 'none', ByOwner>>
  /** Exemptions of named objects: they count for those whatever their policy applies to. */
  readonly ofObjects: readonly Exemption[]
  /** See `Exposure`. */
  readonly forAll: boolean
}

/** What holds for every request besides the policies that apply to it. */
type Always = Pick<ExposurePolicies, 'ofObjects' | 'forAll'>

/** Prepares policies for `exposureFor`: O(policies * tenants that they name), once at load. */
export function exposurePolicies(policies: readonly ExposurePolicy[]): ExposurePolicies {
  const ofObjects = policies
    .flatMap(({ exemptions }) => exemptions)
    .filter(({ objects }) => objects !== undefined)
  const always = { ofObjects, forAll: policies.every(({ appliesTo }) => isUnlimited(appliesTo)) }
  const of = (serviceClass: ServiceClass | undefined): ByOwner => {
    const ofClass = policies.filter(({ appliesTo }) => appliesToClass(appliesTo, serviceClass))
    return byOwner(ofClass, always)
  }
  const byClass = {
    none: of(undefined),
    controlPlane: of('controlPlane'),
    mirrored: of('mirrored'),
    direct: of('direct')
  }
  return { policies, ...always, byClass }
}

function byOwner(policies: readonly ExposurePolicy[], always: Always): ByOwner {
  const prepare = (tenancy: Tenancy): Prepared => {
    const applying = policies.filter(({ appliesTo }) => appliesToWhom(appliesTo, tenancy))
    const fixed = applying.filter(({ appliesTo }) => appliesTo.namespaceSelector === undefined)
    const selecting = applying.filter(({ appliesTo }) => appliesTo.namespaceSelector !== undefined)
    return { fixed, selecting, exposure: exposureOf(fixed, tenancy, always) }
  }
  const names = namedTenants(policies)
  return {
    platform: prepare({ kind: 'platform' }),
    tenants: new Map([...names].map(name => [name, prepare({ kind: 'tenant', name })])),
    others: prepare({ kind: 'unmapped' })
  }
}

/** The tenants that policies name, or except. */
export function namedTenants(policies: readonly ExposurePolicy[]): ReadonlySet<string> {
  const names = new Set(
    policies.flatMap(({ appliesTo: { tenants = [], exceptTenants } }) => [...tenants, ...exceptTenants])
  )
  names.delete('*')
  return names
}

function exposureOf(
  policies: readonly ExposurePolicy[],
  tenancy: Tenancy,
  { ofObjects, forAll }: Always
): Exposure {
  const others = policies
    .flatMap(({ exemptions }) => exemptions)
    .filter(({ objects }) => objects === undefined)
  const tenant = tenancy.kind === 'tenant' ? tenancy.name : undefined
  return { ...combined(policies, tenant), exemptions: [...others, ...ofObjects], forAll }
}

/** What the policies say about one request: looked up, and combined anew only where a policy selects the namespace. */
export function exposureFor(policies: ExposurePolicies, subject: ExposureSubject): Exposure {
  const { tenancy, namespaceLabels, serviceClass } = subject
  const { fixed, selecting, exposure } = preparedFor(policies.byClass[serviceClass ?? 'none'], tenancy)
  const selected = selecting.filter(({ appliesTo }) => appliesToNamespace(appliesTo, namespaceLabels))
  return selected.length === 0 ? exposure : exposureOf([...fixed, ...selected], tenancy, policies)
}

function preparedFor({ platform, tenants, others }: ByOwner, tenancy: Tenancy): Prepared {
  if (tenancy.kind === 'platform') return platform
  return (tenancy.kind === 'tenant' ? tenants.get(tenancy.name) : undefined) ?? others
}

/** Whether no write of anybody is judged by this rule, whose own action is given. */
export function isOff({ policies }: ExposurePolicies, rule: string, byDefault: Action): boolean {
  const naming = policies.filter(({ actions }) => actions.has(rule))
  const isNamedForAll = naming.some(({ appliesTo }) => isUnlimited(appliesTo))
  return (isNamedForAll || byDefault === 'off') && naming.every(({ actions }) => actions.get(rule) === 'off')
}
