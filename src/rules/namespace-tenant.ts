import type { Namespace } from '../kinds/namespace.ts'
import { CAPSULE_LABEL, tenancyOfNamespace, type Tenancy } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** Whose a namespace is decides all that a tenant may have, so only the platform, or Capsule with its proof, says so. */
export const namespaceTenant = defineRule<'Namespace'>({
  id: 'namespace-tenant',
  summary: 'Only the platform moves a namespace from one tenant to another, or labels one without proof.',
  why: 'The labels of a namespace decide which pools, addresses and quotas its Services have. Whoever can change them takes those of another tenant, or of the platform.',
  fix: 'Let the platform label the namespace, or create it through Capsule, whose ownerReference proves the tenant.',
  example: 'metadata: {name: acme-web, labels: {tenant: beta}} # by a user of tenant acme',
  see: [
    'https://projectcapsule.dev/docs/tenants/namespaces/',
    'https://github.com/projectcapsule/capsule/blob/main/pkg/tenant/namespaces.go'
  ],
  on: ['Namespace'],
  reads: ['Tenant'],
  defaultAction: 'deny',
  check({ object, oldObject }, context) {
    if (context.requester.role === 'platform') return []
    const after = tenancyOfNamespace(context.plan, context.view, object)
    if (after.kind === 'unknown') return [{ code: 'unjudged', because: 'kind-unknown', kind: after.missing }]
    const before = oldObject && tenancyOfNamespace(context.plan, context.view, oldObject)
    if (before !== undefined && isTenants(before) && nameOf(before) !== nameOf(after)) {
      return [changes(object, before, after, context)]
    }
    return unproven(object, after, context)
  }
})

/** A tenant without proof counts: its namespace must not become the platform's either. */
function isTenants({ kind }: Tenancy): boolean {
  return kind === 'tenant' || kind === 'inconsistent'
}

function nameOf(tenancy: Tenancy): string {
  return 'name' in tenancy ? tenancy.name : ''
}

function changes(object: Namespace, before: Tenancy, after: Tenancy, context: CheckContext): Finding {
  return {
    code: 'tenant-changes',
    ...decidingLabel(object, context),
    from: nameOf(before),
    to: nameOf(after),
    restsOn: ownersOf(object)
  }
}

function unproven(object: Namespace, after: Tenancy, context: CheckContext): Finding[] {
  const label = decidingLabel(object, context)
  const isProven = after.kind === 'tenant' && label.field === fieldOf(CAPSULE_LABEL)
  if (!isTenants(after) || isProven || context.plan.tenant !== undefined) return []
  const flaw = after.kind === 'inconsistent' ? after.reason : undefined
  return [{ code: 'tenant-unproven', ...label, tenant: nameOf(after), flaw, restsOn: ownersOf(object) }]
}

/** The label that says whose the namespace is: the first of the plan's keys that is there. */
function decidingLabel(
  { meta }: Namespace,
  { plan }: CheckContext
): { readonly field: string; readonly value: string } {
  const key = plan.tenancy.namespaceLabels.find(name => meta.labels.has(name))
  if (key === undefined) return { field: 'metadata.labels', value: '' }
  return { field: fieldOf(key), value: meta.labels.get(key) ?? '' }
}

function fieldOf(key: string): string {
  return `metadata.labels[${key}]`
}

/** The Tenants that its owners name, whatever their group: they are looked up by name alone. */
function ownersOf({ meta }: Namespace): Finding['restsOn'] {
  return meta.ownerReferences
    .filter(({ kind }) => kind === 'Tenant')
    .map(({ name }) => ({ kind: 'Tenant', namespace: '', name }))
}
