import type { View } from '../inventory/view.ts'
import type { ServiceAllocation } from '../kinds/ip-address-pool.ts'
import type { LabelSelector } from '../kinds/label-selector.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { Plan } from '../policy/plan.ts'
import { tenancyOfNamespace, tenancyRestsOn } from '../policy/tenancy.ts'

/** One part of a `serviceAllocation` that only namespaces of one tenant satisfy. */
export interface TenantPin {
  readonly field: string
  /** The namespace, or the deciding part of the selector as `key=value`. */
  readonly value: string
  readonly tenant: string
}

interface Context {
  readonly view: View
  readonly plan: Plan
}

/** Every namespace carries its own name under this key (KEP-2161; set by the API server since Kubernetes 1.21). */
const NAME_LABEL = 'kubernetes.io/metadata.name'

/**
 * What dedicates a pool to one tenant: its names and selectors of namespaces, when all that reach a namespace reach that
 * tenant's only. Names of namespaces that do not exist are passed over, since anybody can add one. Empty when none reaches
 * any (the pool is open), when they reach two tenants or the platform, and when one of them is no evidence: a selector on
 * labels that say nothing about tenants.
 */
export function tenantPins(allocation: ServiceAllocation, context: Context): readonly TenantPin[] {
  const pins = parts(allocation, context).filter(part => part !== 'nobody')
  const [tenant, ...others] = new Set(pins.map(pin => (pin === 'anybody' ? undefined : pin.tenant)))
  return tenant === undefined || others.length > 0 ? [] : pins.filter(pin => pin !== 'anybody')
}

/**
 * The Namespaces that allocations name, and the Tenants that prove their labels, each once: what they dedicate a pool to
 * rests on all of these.
 */
export function namedNamespaces(
  allocations: readonly (ServiceAllocation | undefined)[],
  view: View
): readonly ObjectRef[] {
  const names = allocations.flatMap(allocation => [
    ...(allocation?.namespaces ?? []),
    ...(allocation?.namespaceSelectors ?? [])
      .flatMap(conditionsOf)
      .flatMap(({ key, values }) => (key === NAME_LABEL ? values : []))
  ])
  const refs = [...new Set(names)].flatMap(name => tenancyRestsOn(view, name))
  return [...new Map(refs.map(ref => [refKey(ref), ref])).values()]
}

/** Whom a part admits: one tenant, no namespace that exists, or others than one tenant, which includes the unclear. */
type Admitted =
  { readonly field: string; readonly value: string; readonly tenant: string } | 'nobody' | 'anybody'

function parts({ namespaces, namespaceSelectors }: ServiceAllocation, context: Context): readonly Admitted[] {
  const path = 'spec.serviceAllocation'
  const isFirst = firstOnly()
  return [
    ...namespaces.flatMap((name, i) =>
      isFirst(name)
        ? [pinOf({ field: `${path}.namespaces[${i}]`, value: name }, byName([name], context))]
        : []
    ),
    ...namespaceSelectors.map((selector, i) =>
      selectorPin(`${path}.namespaceSelectors[${i}]`, selector, context)
    )
  ]
}

/** True the first time it is asked about a text. */
function firstOnly(): (text: string) => boolean {
  const seen = new Set<string>()
  return text => seen.size < seen.add(text).size
}

function pinOf(
  at: { readonly field: string; readonly value: string },
  tenants: ReadonlySet<string> | undefined
): Admitted {
  const [tenant, ...others] = tenants ?? []
  if (tenant !== undefined && others.length === 0) return { ...at, tenant }
  return tenants?.size === 0 ? 'nobody' : 'anybody'
}

/** Part of a selector: the label has one of these values. */
interface Condition {
  readonly key: string
  readonly values: readonly string[]
}

/** The conditions of a selector are ANDed, so one that admits nobody or a single tenant decides. */
function selectorPin(field: string, selector: LabelSelector, context: Context): Admitted {
  return (
    conditionsOf(selector)
      .map(({ key, values }) =>
        pinOf({ field, value: `${key}=${values.join(',')}` }, admittedBy(key, values, context))
      )
      .find(admitted => admitted !== 'anybody') ?? 'anybody'
  )
}

function conditionsOf({ matchLabels, matchExpressions }: LabelSelector): readonly Condition[] {
  return [
    ...[...matchLabels].map(([key, value]) => ({ key, values: [value] })),
    ...matchExpressions.filter(({ operator }) => operator === 'In')
  ]
}

/** The tenants some condition admits; empty for no namespace, undefined for others than tenants, or unclear ones. */
function admittedBy(
  key: string,
  values: readonly string[],
  context: Context
): ReadonlySet<string> | undefined {
  if (key === NAME_LABEL) return byName(values, context)
  const isTenancyLabel = context.plan.tenancy.namespaceLabels.includes(key) && !values.includes('')
  return isTenancyLabel ? new Set(values) : undefined
}

function byName(names: readonly string[], { view, plan }: Context): ReadonlySet<string> | undefined {
  const tenants = new Set<string>()
  for (const name of names) {
    const namespace = view.get('Namespace', '', name)
    if (namespace === undefined) continue
    const tenancy = tenancyOfNamespace(plan, view, namespace)
    if (tenancy.kind !== 'tenant') return undefined
    tenants.add(tenancy.name)
  }
  return tenants
}
