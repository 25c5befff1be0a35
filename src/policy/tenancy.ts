import type { View } from '../inventory/view.ts'
import type { OwnerReference } from '../kinds/meta.ts'
import type { Namespace } from '../kinds/namespace.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { ControllerName, OwnerMapping, Plan, ServiceOwner } from './plan.ts'

/**
 * Whose something is. `inconsistent` is a tenant without grants, never the platform: its label and its owner disagree.
 * `unmapped` belongs to nobody known: an object no mapping names, or an untrusted namespace without label. `unknown`: the
 * namespace, or the Tenant that would prove its label, is not in the inventory, and may still be.
 */
export type Tenancy =
  | { readonly kind: 'platform' }
  | { readonly kind: 'tenant'; readonly name: string }
  | { readonly kind: 'inconsistent'; readonly name: string; readonly reason: TenancyFlaw }
  | { readonly kind: 'unmapped' }
  | { readonly kind: 'unknown'; readonly missing: 'Namespace' | 'Tenant' }

/**
 * `empty-label`: a tenant's label is there and names nobody. `no-such-tenant` and `another-uid`: the owner is no Tenant
 * that lives, or one of that name that was made anew since.
 */
export type TenancyFlaw =
  | 'empty-label'
  | 'label-without-owner'
  | 'owner-without-label'
  | 'owner-mismatch'
  | 'several-owners'
  | 'no-such-tenant'
  | 'another-uid'

/** Capsule's namespace label (projectcapsule/capsule, pkg/api/meta/labels.go); the only one that can be proven. */
export const CAPSULE_LABEL = 'capsule.clastix.io/tenant'
const CAPSULE_GROUP = 'capsule.clastix.io/'

/** Holds the control plane's own add-ons in every cluster. */
const SYSTEM_NAMESPACE = 'kube-system'

const PLATFORM: Tenancy = { kind: 'platform' }
const UNMAPPED: Tenancy = { kind: 'unmapped' }

/** Whose the namespace of this name is, as it is stored. */
export function tenancyIn(plan: Plan, view: View, name: string): Tenancy {
  const namespace = view.get('Namespace', '', name)
  return namespace === undefined
    ? { kind: 'unknown', missing: 'Namespace' }
    : tenancyOfNamespace(plan, view, namespace)
}

/**
 * Whose a namespace is: the first label key of the plan that has a value decides, and Capsule's needs an ownerReference
 * to that very Tenant, by the uid it has now. In a tenant's own cluster every namespace is that tenant's, except the
 * platform's.
 */
export function tenancyOfNamespace(plan: Plan, view: View, namespace: Namespace): Tenancy {
  const { name } = namespace.meta
  if (plan.tenant !== undefined) {
    return isPlatformNamespace(plan, name) ? PLATFORM : { kind: 'tenant', name: plan.tenant }
  }
  const labelled = labelledTenancy(plan, view, namespace)
  if (labelled) return labelled
  const isPlatform = plan.tenancy.unlabelledNamespaces === 'platform' || isPlatformNamespace(plan, name)
  return isPlatform ? PLATFORM : UNMAPPED
}

/** The objects that `tenancyIn` looked at: the Namespace, and the Tenant it names as its owner. */
export function tenancyRestsOn(view: View, name: string): readonly ObjectRef[] {
  const owners = view.get('Namespace', '', name)?.meta.ownerReferences.filter(isCapsuleTenant) ?? []
  return [
    { kind: 'Namespace', namespace: '', name },
    ...owners.map(owner => ({ kind: 'Tenant', namespace: '', name: owner.name }))
  ]
}

function labelledTenancy(
  plan: Plan,
  view: View,
  { meta: { labels, ownerReferences } }: Namespace
): Tenancy | undefined {
  for (const key of plan.tenancy.namespaceLabels) {
    const tenant = labels.get(key) ?? ''
    if (key === CAPSULE_LABEL) {
      const owners = ownerReferences.filter(isCapsuleTenant)
      if (tenant !== '' || owners.length > 0) return capsuleTenancy(tenant, owners, view)
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

/**
 * Capsule's own rule (pkg/tenant/namespaces.go and get_by.go); `name` is the label's, or the owner's where there is no
 * label. Anybody who may write a namespace can write an ownerReference, so the Tenant itself is looked at.
 */
function capsuleTenancy(label: string, owners: readonly OwnerReference[], view: View): Tenancy {
  const owner = owners[0]
  const name = label === '' ? (owner?.name ?? '') : label
  const flawed = (reason: TenancyFlaw): Tenancy => ({ kind: 'inconsistent', name, reason })
  if (owners.length > 1) return flawed('several-owners')
  if (owner === undefined) return flawed('label-without-owner')
  if (label === '') return flawed('owner-without-label')
  if (owner.name !== label) return flawed('owner-mismatch')
  const tenant = view.get('Tenant', '', name)
  if (tenant !== undefined)
    return tenant.meta.uid === owner.uid ? { kind: 'tenant', name } : flawed('another-uid')
  return view.known('Tenant') ? flawed('no-such-tenant') : { kind: 'unknown', missing: 'Tenant' }
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

/** What tells whose an object in a namespace is. */
export interface NamespacedWrite {
  readonly requester: Requester
  readonly labels: ReadonlyMap<string, string>
  readonly namespace: string
}

/**
 * Whose an object in a namespace is: the namespace's, whoever writes in it. In the platform's namespaces an account that
 * the plan lists in `serviceOwners` (a gateway's controller) acts for the tenant it is mapped to, for whom the namespace is
 * that a label names, or for nobody known when that label is not there.
 */
export function ownerInNamespace(plan: Plan, view: View, write: NamespacedWrite): Tenancy {
  const tenancy = tenancyIn(plan, view, write.namespace)
  if (tenancy.kind !== 'platform') return tenancy
  const owner = serviceOwnerOf(plan, write.requester)
  if (owner === undefined) return tenancy
  if ('namespaceFromLabel' in owner) {
    const named = write.labels.get(owner.namespaceFromLabel) ?? ''
    return named === '' ? UNMAPPED : tenancyIn(plan, view, named)
  }
  return mappedTenancy({ owner }, write.labels)
}

/** The namespaces that `ownerInNamespace` may look at: the object's own, and the one that a label names. */
export function namespacesAsked(
  plan: Plan,
  { requester, labels, namespace }: NamespacedWrite
): readonly string[] {
  const owner = serviceOwnerOf(plan, requester)
  const named =
    owner !== undefined && 'namespaceFromLabel' in owner ? (labels.get(owner.namespaceFromLabel) ?? '') : ''
  return named === '' ? [namespace] : [namespace, named]
}

function serviceOwnerOf(plan: Plan, { username }: Requester): ServiceOwner['owner'] | undefined {
  return plan.tenancy.serviceOwners.find(({ user }) => user === username)?.owner
}

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

function mappedTenancy({ owner }: Pick<OwnerMapping, 'owner'>, labels: ReadonlyMap<string, string>): Tenancy {
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
