import type { View } from '../inventory/view.ts'
import type { KindName } from '../kinds/index.ts'
import type { Meta } from '../kinds/meta.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { nearestName } from '../policy/nearest-name.ts'

/** A name, and the field it stands in. */
export interface NameAt {
  readonly field: string
  readonly value: string
}

/** A name that nothing has, and the one that was probably meant. */
export interface UnknownName extends NameAt {
  readonly near: string | undefined
  readonly restsOn: readonly ObjectRef[]
}

/** Names for which a near one is looked for, O(names) each: an answer carries no more warnings than this. */
const MOST_PROPOSALS = 16

/** The names that no object of this kind in this namespace has; none when the kind could not be read. */
export function unknownNames(
  kind: KindName,
  namespace: string,
  names: readonly NameAt[],
  view: View
): UnknownName[] {
  if (names.length === 0 || !view.known(kind)) return []
  const unknown = names.filter(({ value }) => view.get(kind, namespace, value) === undefined)
  const refs = unknown.map(({ value }) => ({ kind, namespace, name: value }))
  const existing = unknown.length === 0 ? [] : namesIn(view.list(kind), namespace)
  return withNearest(unknown, existing).map((name, i) => ({ ...name, restsOn: refs.slice(i, i + 1) }))
}

/** Each of the first 16 names with the nearest of the existing ones. */
export function withNearest(
  names: readonly NameAt[],
  existing: readonly string[]
): (NameAt & { readonly near: string | undefined })[] {
  return names.map((name, i) => ({
    ...name,
    near: i < MOST_PROPOSALS ? nearestName(name.value, existing) : undefined
  }))
}

/** The entries of a list of names. */
export function namesAt(list: string, names: readonly string[]): readonly NameAt[] {
  return names.map((value, i) => ({ field: `${list}[${i}]`, value }))
}

function namesIn(objects: Iterable<{ readonly meta: Meta }>, namespace: string): readonly string[] {
  return [...objects].filter(({ meta }) => meta.namespace === namespace).map(({ meta }) => meta.name)
}
