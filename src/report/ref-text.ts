import type { ObjectRef } from '../kinds/object-ref.ts'

/** `IPAddressPool kmetal-metallb/default-pool`, `Vpc tenant-a` when cluster-scoped, `Vpc` for all of them. */
export function refText(ref: ObjectRef): string {
  if (ref.name === '') return ref.kind
  return ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`
}
