import type { Plan } from '../policy/plan.ts'
import type { ExposurePolicies } from '../policy/resolve-exposure.ts'
import { byServiceOwners, CHANGES_SPEC_LABELS_OR_ASK, notTheControllers } from './match-conditions.ts'
import { NAME_LABEL, neverMatched, WRITES, type Entry, type EntryOptions } from './webhook-entry.ts'

/**
 * One entry per tenant label key, since selectors are ANDed; each skips namespaces that an earlier key matched. The last
 * one is for namespaces without any of them.
 */
export function serviceEntries({ plan, client, suffix, services, whole }: EntryOptions): readonly Entry[] {
  const keys = plan.tenancy.namespaceLabels
  const some = whole.includes('Service') ? [] : [...services, CHANGES_SPEC_LABELS_OR_ASK]
  const matchConditions = [notTheControllers(plan), ...some]
  const named = { key: NAME_LABEL, operator: 'NotIn', values: neverMatched(client) }
  const without = (earlier: readonly string[]) => earlier.map(key => ({ key, operator: 'DoesNotExist' }))
  const tenants = keys.map((key, i): Entry => ({
    name: `tenant-services-${i + 1}.${suffix}`,
    kinds: ['Service'],
    operations: WRITES,
    failurePolicy: 'Fail',
    namespaceSelector: {
      matchExpressions: [{ key, operator: 'Exists' }, ...without(keys.slice(0, i)), named]
    },
    matchConditions
  }))
  const others: Entry = {
    name: `other-services.${suffix}`,
    kinds: ['Service'],
    operations: WRITES,
    failurePolicy: isUnlabelledTenants(plan) ? 'Fail' : 'Ignore',
    namespaceSelector: { matchExpressions: [...without(keys), named] },
    matchConditions
  }
  return [...tenants, others]
}

/** Whether all policies that say which types Services may have allow the ClusterIP. */
export function allowsClusterIP(exposures: ExposurePolicies | undefined): boolean {
  const policies = exposures?.policies ?? []
  return policies.every(({ services }) => services?.allowedTypes?.includes('ClusterIP') ?? true)
}

/** Whether a namespace without label can be a tenant's (tenancyOfNamespace): its Services are then no less a tenant's. */
function isUnlabelledTenants({ scope, tenancy }: Plan): boolean {
  return scope === 'tenantCluster' || tenancy.unlabelledNamespaces === 'untrusted'
}

/**
 * Accounts of `serviceOwners` write Services of tenants' in namespaces of the platform's. Where other Services fail open and
 * get no default, those have an entry of their own, which is like tenants'.
 */
export function withServiceOwners(entry: Entry, plan: Plan): readonly Entry[] {
  if (entry.failurePolicy === 'Fail' || plan.tenancy.serviceOwners.length === 0) return [entry]
  const { isOne, isNone } = byServiceOwners(plan)
  return [
    {
      ...entry,
      name: entry.name.replace(/^other-/, 'mapped-'),
      failurePolicy: 'Fail',
      matchConditions: [isOne, ...entry.matchConditions],
      isOfServiceOwners: true
    },
    { ...entry, matchConditions: [isNone, ...entry.matchConditions] }
  ]
}
