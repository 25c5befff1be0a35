import type { View } from '../inventory/view.ts'
import type { ServiceAllocation } from '../kinds/ip-address-pool.ts'
import type { LabelSelector } from '../kinds/label-selector.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Plan } from '../policy/plan.ts'
import { tenancyOfNamespace } from '../policy/tenancy.ts'

/** One part of a `serviceAllocation` that only namespaces of one tenant satisfy. */
export interface TenantPin {
  readonly field: string
  /** The namespace, or the deciding part of the selector as `key=value`. */
  readonly value: string
  readonly tenant: string
  /** The Namespaces whose tenant was looked up; none where a label of the selector says it. */
  readonly restsOn: readonly ObjectRef[]
}

interface Context {
  readonly view: View
  readonly plan: Plan
}

/** Every namespace carries its own name under this key (KEP-2161; set by the API server since Kubernetes 1.21). */
const NAME_LABEL = 'kubernetes.io/metadata.name'

/**
 * What dedicates a pool to one tenant: all names and selectors of namespaces, when each of them is that tenant's. Empty
 * when there are none (the pool is open), when they reach two tenants or the platform, and when one of them is no
 * evidence: a namespace that does not exist yet, or a selector on labels that say nothing about tenants.
 */
export function tenantPins(allocation: ServiceAllocation, context: Context): readonly TenantPin[] {
  const { namespaces, namespaceSelectors } = allocation
  const path = 'spec.serviceAllocation'
  const pins = [
    ...namespaces.map((name, i) => pinOf(`${path}.namespaces[${i}]`, name, byName([name], context))),
    ...namespaceSelectors.map((selector, i) =>
      selectorPin(`${path}.namespaceSelectors[${i}]`, selector, context)
    )
  ]
  const found = pins.filter(pin => pin !== undefined)
  const tenants = new Set(found.map(({ tenant }) => tenant))
  return tenants.size === 1 && found.length === pins.length ? found : []
}

/** The tenants some condition admits; undefined when it admits others than tenants, or it cannot be said. */
interface Admitted {
  readonly tenants: ReadonlySet<string>
  readonly restsOn: readonly ObjectRef[]
}

function pinOf(field: string, value: string, admitted: Admitted | undefined): TenantPin | undefined {
  const [tenant, ...others] = admitted?.tenants ?? []
  if (admitted === undefined || tenant === undefined || others.length > 0) return undefined
  return { field, value, tenant, restsOn: admitted.restsOn }
}

/** The conditions of a selector are ANDed, so one that admits a single tenant decides. */
function selectorPin(field: string, selector: LabelSelector, context: Context): TenantPin | undefined {
  const conditions = [
    ...[...selector.matchLabels].map(([key, value]) => ({ key, values: [value] })),
    ...selector.matchExpressions.filter(({ operator }) => operator === 'In')
  ]
  return conditions
    .map(({ key, values }) => pinOf(field, `${key}=${values.join(',')}`, admittedBy(key, values, context)))
    .find(pin => pin !== undefined)
}

function admittedBy(key: string, values: readonly string[], context: Context): Admitted | undefined {
  if (key === NAME_LABEL) return byName(values, context)
  const isTenancyLabel = context.plan.tenancy.namespaceLabels.includes(key) && !values.includes('')
  return isTenancyLabel ? { tenants: new Set(values), restsOn: [] } : undefined
}

function byName(names: readonly string[], { view, plan }: Context): Admitted | undefined {
  const tenants = new Set<string>()
  for (const name of names) {
    const tenancy = tenancyOfNamespace(plan, view.get('Namespace', '', name), name)
    if (tenancy.kind !== 'tenant') return undefined
    tenants.add(tenancy.name)
  }
  return { tenants, restsOn: names.map(name => ({ kind: 'Namespace', namespace: '', name })) }
}
