import type { OwnerReference } from '../kinds/meta.ts'
import type { Namespace } from '../kinds/namespace.ts'
import type { ControllerName, OwnerMapping, Plan } from './plan.ts'

/**
 * Whose something is. `inconsistent` is a tenant without grants, never the platform: its label and its owner disagree.
 * `unmapped` belongs to nobody known: a cluster-scoped object no mapping names, or an untrusted namespace without label.
 */
export type Tenancy =
  | { readonly kind: 'platform' }
  | { readonly kind: 'tenant'; readonly name: string }
  | { readonly kind: 'inconsistent'; readonly name: string; readonly reason: TenancyFlaw }
  | { readonly kind: 'unmapped' }
  | { readonly kind: 'unknown-namespace' }

/** `empty-label`: a tenant's label is there and names nobody. */
export type TenancyFlaw =
  'empty-label' | 'label-without-owner' | 'owner-without-label' | 'owner-mismatch' | 'several-owners'

/** Capsule's namespace label (projectcapsule/capsule, pkg/api/meta/labels.go); the only one that can be proven. */
const CAPSULE_LABEL = 'capsule.clastix.io/tenant'
const CAPSULE_GROUP = 'capsule.clastix.io/'

/** Holds the control plane's own add-ons in every cluster. */
const SYSTEM_NAMESPACE = 'kube-system'

const PLATFORM: Tenancy = { kind: 'platform' }
const UNMAPPED: Tenancy = { kind: 'unmapped' }

/**
 * Whose a namespace is: the first label key of the plan that has a value decides, and Capsule's needs an ownerReference
 * to that very Tenant. In a tenant's own cluster every namespace is that tenant's, except the platform's.
 */
export function tenancyOfNamespace(plan: Plan, namespace: Namespace | undefined, name: string): Tenancy {
  if (namespace === undefined) return { kind: 'unknown-namespace' }
  if (plan.tenant !== undefined) {
    return isPlatformNamespace(plan, name) ? PLATFORM : { kind: 'tenant', name: plan.tenant }
  }
  const labelled = labelledTenancy(plan, namespace)
  if (labelled) return labelled
  const isPlatform = plan.tenancy.unlabelledNamespaces === 'platform' || isPlatformNamespace(plan, name)
  return isPlatform ? PLATFORM : UNMAPPED
}

function labelledTenancy(plan: Plan, { meta: { labels, ownerReferences } }: Namespace): Tenancy | undefined {
  for (const key of plan.tenancy.namespaceLabels) {
    const tenant = labels.get(key) ?? ''
    if (key === CAPSULE_LABEL) {
      const owners = ownerReferences.filter(isCapsuleTenant)
      if (tenant !== '' || owners.length > 0) return capsuleTenancy(tenant, owners)
    } else if (tenant !== '') return { kind: 'tenant', name: tenant }
  }
  const isLabelled = plan.tenancy.namespaceLabels.some(key => labels.has(key))
  return isLabelled ? { kind: 'inconsistent', name: '', reason: 'empty-label' } : undefined
}

function isPlatformNamespace(plan: Plan, name: string): boolean {
  return (
    name === SYSTEM_NAMESPACE || name === plan.metallb.namespace || plan.platform.namespaces.includes(name)
  )
}

function isCapsuleTenant({ apiVersion, kind }: OwnerReference): boolean {
  return kind === 'Tenant' && apiVersion.startsWith(CAPSULE_GROUP)
}

/** Capsule's own rule (pkg/tenant/namespaces.go); `name` is the label's, or the owner's where there is no label. */
function capsuleTenancy(label: string, owners: readonly OwnerReference[]): Tenancy {
  const owner = owners[0]
  const name = label === '' ? (owner?.name ?? '') : label
  const flawed = (reason: TenancyFlaw): Tenancy => ({ kind: 'inconsistent', name, reason })
  if (owners.length > 1) return flawed('several-owners')
  if (owner === undefined) return flawed('label-without-owner')
  if (label === '') return flawed('owner-without-label')
  return owner.name === label ? { kind: 'tenant', name } : flawed('owner-mismatch')
}

/** Who asks. `controller` is set for every listed controller, whatever the role. */
export interface Requester {
  readonly username: string
  readonly groups: readonly string[]
  readonly role: 'platform' | 'controller' | 'other'
  readonly controller: ControllerName | undefined
}

/** Recognises a requester by the exact names the plan lists; user names before groups prove nothing about tenants. */
export function requesterOf(
  plan: Plan,
  { username, groups }: { readonly username: string; readonly groups: readonly string[] }
): Requester {
  const { platform, controllers } = plan
  const isPlatform =
    platform.users.includes(username) || groups.some(group => platform.groups.includes(group))
  const controller = [...controllers].find(([, users]) => users.includes(username))?.[0]
  const role = isPlatform ? 'platform' : controller === undefined ? 'other' : 'controller'
  return { username, groups, role, controller }
}

/** Controllers that write objects for tenants, so that being one says nothing about whose an object is. */
const ON_BEHALF_OF_TENANTS: ReadonlySet<ControllerName> = new Set(['ccm', 'cpo'])

/**
 * Whose an object without namespace is: the platform's when the platform writes it, else as the first mapping of
 * `ovnEipOwners` for that user says, else the platform's when one of its controllers writes it. Controllers that act for
 * tenants need a mapping.
 */
export function ownerOfClusterScoped(
  plan: Plan,
  requester: Requester,
  labels: ReadonlyMap<string, string>
): Tenancy {
  const { username, role, controller } = requester
  if (role === 'platform') return PLATFORM
  const mapping = plan.tenancy.ovnEipOwners.find(({ user }) => user === username)
  if (mapping) return mappedTenancy(mapping, labels)
  return controller === undefined || ON_BEHALF_OF_TENANTS.has(controller) ? UNMAPPED : PLATFORM
}

function mappedTenancy({ owner }: OwnerMapping, labels: ReadonlyMap<string, string>): Tenancy {
  const name = 'tenant' in owner ? owner.tenant : (labels.get(owner.tenantFromLabel) ?? '')
  return name === '' ? UNMAPPED : { kind: 'tenant', name }
}

/**
 * Whose a stored object without namespace may be, each once, since who wrote it is not stored: the tenant that a label of
 * a mapping names, where exactly one does; else the platform's, some mapped account's, or nobody's known. `ovnEipOwners`
 * says no more about it.
 */
export function possibleOwners(plan: Plan, labels: ReadonlyMap<string, string>): readonly Tenancy[] {
  const { ovnEipOwners } = plan.tenancy
  const named = tenantsOf(
    ovnEipOwners.filter(({ owner }) => 'tenantFromLabel' in owner),
    labels
  )
  return named.length === 1 ? named : [PLATFORM, ...tenantsOf(ovnEipOwners, labels), UNMAPPED]
}

function tenantsOf(
  mappings: readonly OwnerMapping[],
  labels: ReadonlyMap<string, string>
): readonly Tenancy[] {
  const owners = mappings.map(mapping => mappedTenancy(mapping, labels))
  const names = new Set(owners.flatMap(owner => (owner.kind === 'tenant' ? [owner.name] : [])))
  return [...names].map(name => ({ kind: 'tenant', name }))
}
