import type { FieldError } from '../kinds/decode.ts'
import type { View } from '../inventory/view.ts'
import { Cursor, isRecord } from '../kinds/decode.ts'
import { decodeObject, grows, KINDS, loses, scaled, type KindName, type Kinds } from '../kinds/index.ts'
import type { Change } from '../rules/rule.ts'
import type { Review } from './review.ts'

/** The write a review is about, decoded; or the fields of the new object that have the wrong type. */
export type DecodedChange =
  | { readonly ok: true; readonly change: Change }
  | { readonly ok: false; readonly errors: readonly FieldError[] }

/**
 * Decodes both objects of a review of one of our kinds. A stored object that does not decode counts as none: then all of
 * the new object is judged as new, which is the strict side.
 */
export function changeOf(review: Review & { readonly kind: KindName }): DecodedChange {
  const { kind, operation } = review
  const stored = operation === 'CREATE' ? undefined : decodeIn(kind, review.oldObject, review.namespace)
  const oldObject = stored?.ok === true ? stored.object : undefined
  if (operation === 'DELETE') {
    return { ok: true, change: { kind, operation, object: undefined, oldObject, grows: false, loses: true } }
  }
  const decoded = decodeIn(kind, review.object, review.namespace)
  if (!decoded.ok) return decoded
  const { object } = decoded
  return { ok: true, change: written(kind, operation, object, oldObject) }
}

function written<K extends KindName>(
  kind: K,
  operation: Change['operation'],
  object: Kinds[K],
  oldObject: Kinds[K] | undefined
): Change {
  const isGrowing = oldObject === undefined || grows(kind, oldObject, object)
  const isLosing = oldObject !== undefined && loses(kind, oldObject, object)
  return { kind, operation, object, oldObject, grows: isGrowing, loses: isLosing }
}

/**
 * The write of an object that a write of its scale subresource amounts to: the review carries two Scales, so the object is
 * the stored one. undefined when it is not in the view, or has no replicas.
 */
export function changeOfScale(
  { kind, namespace, name, object, oldObject }: Review & { readonly kind: KindName },
  view: View
): DecodedChange | undefined {
  const stored = view.get(kind, namespace, name)
  const after = stored && scaled(kind, stored, replicasOf(object))
  const before = stored && scaled(kind, stored, replicasOf(oldObject))
  return after && before && { ok: true, change: written(kind, 'UPDATE', after, before) }
}

/** No replicas are written as none at all (autoscaling/v1 ScaleSpec). */
function replicasOf(scale: unknown): number {
  return new Cursor(scale, '', []).at('spec').at('replicas').integer() ?? 0
}

/** An object without metadata.namespace is in the request's, as the API server fills it in only later on some paths. */
function decodeIn<K extends KindName>(
  kind: K,
  json: unknown,
  namespace: string
): { ok: true; object: Kinds[K] } | { ok: false; errors: readonly FieldError[] } {
  return decodeObject(kind, KINDS[kind].namespaced ? withNamespace(json, namespace) : json)
}

function withNamespace(json: unknown, namespace: string): unknown {
  if (!isRecord(json)) return json
  const metadata = isRecord(json['metadata']) ? json['metadata'] : {}
  const own = metadata['namespace']
  return typeof own === 'string' && own !== '' ? json : { ...json, metadata: { ...metadata, namespace } }
}
