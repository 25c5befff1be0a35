/** Names one Kubernetes object. `namespace` is '' for cluster-scoped kinds. An empty `name` stands for all of the namespace. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** A string that is equal for two refs exactly when they name the same object. Neither part can contain '/'. */
export function refKey(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`
}

/** True when both refs name the same object. */
export function sameRef(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name
}
