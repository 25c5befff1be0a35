import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A Capsule Tenant. Only that it exists and under which uid is read: a namespace's ownerReference proves itself by it. */
export interface Tenant {
  readonly kind: 'Tenant'
  readonly meta: Meta
}

/** @see https://projectcapsule.dev/docs/reference/ (capsule.clastix.io/v1beta2 Tenant) */
export const tenant: KindDefinition<Tenant> = {
  kind: 'Tenant',
  group: 'capsule.clastix.io',
  versions: ['v1beta2', 'v1beta1'],
  resource: 'tenants',
  namespaced: false,
  decode: (_object, meta) => ({ kind: 'Tenant', meta }),
  claims: () => [],
  judged: () => []
}
