import type { Meta } from '../kinds/meta.ts'

/** Sorts objects of one kind and namespace by name, so that answers do not depend on the order in which a view lists them. */
export function byName(a: { readonly meta: Meta }, b: { readonly meta: Meta }): number {
  return a.meta.name < b.meta.name ? -1 : 1
}
