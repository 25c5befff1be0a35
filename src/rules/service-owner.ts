import type { Tenancy } from '../policy/tenancy.ts'

/** Whether what belongs to `other` belongs to the one who writes: to the same tenant, or to the platform as well. */
export function isSameOwner({ tenancy }: { readonly tenancy: Tenancy }, other: Tenancy): boolean {
  if (tenancy.kind === 'platform') return other.kind === 'platform'
  return tenancy.kind === 'tenant' && other.kind === 'tenant' && tenancy.name === other.name
}
