import { KINDS, type KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** The path of an API group's version: where its resources are listed. */
export function versionPath(kind: KindName, version: string): string {
  const { group } = KINDS[kind]
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

/** The path of a kind's collection in one namespace (a name that can be part of a path), or over all of them. */
export function collectionPath(kind: KindName, version: string, namespace?: string): string {
  const inside = namespace === undefined ? '' : `namespaces/${encodeURIComponent(namespace)}/`
  return `${versionPath(kind, version)}/${inside}${KINDS[kind].resource}`
}

/**
 * The path of one object; undefined when no object can have that name or namespace, because the API server takes neither
 * as part of a path (apimachinery/pkg/api/validation/path: not '.', '..', '/', '%'). Refs come from what users wrote.
 */
export function objectPath(kind: KindName, version: string, ref: ObjectRef): string | undefined {
  const { namespaced, resource } = KINDS[kind]
  const parts = namespaced ? [ref.namespace, ref.name] : [ref.name]
  if (!parts.every(isPathPart)) return undefined
  const [first = '', second = ''] = parts.map(encodeURIComponent)
  const inside = namespaced ? `namespaces/${first}/${resource}/${second}` : `${resource}/${first}`
  return `${versionPath(kind, version)}/${inside}`
}

/** Whether an object or a namespace can have this name. */
export function isPathPart(name: string): boolean {
  // lone surrogates are in no name either, and cannot be encoded
  return name !== '' && name !== '.' && name !== '..' && !/[/%\p{Surrogate}]/u.test(name)
}
