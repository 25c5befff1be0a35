import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A Namespace: its labels and ownerReferences say whose it is. */
export interface Namespace {
  readonly kind: 'Namespace'
  readonly meta: Meta
}

export const namespace: KindDefinition<Namespace> = {
  kind: 'Namespace',
  group: '',
  versions: ['v1'],
  resource: 'namespaces',
  namespaced: false,
  // Both keep the spec and take the metadata (Kubernetes, pkg/registry/core/namespace/strategy.go).
  writtenThrough: ['status', 'finalize'],
  decode: (_object, meta) => ({ kind: 'Namespace', meta }),
  claims: () => [],
  judged: ({ meta }) => [meta.labels, meta.ownerReferences]
}
