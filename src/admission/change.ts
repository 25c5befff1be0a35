import type { FieldError } from '../kinds/decode.ts'
import { isRecord } from '../kinds/decode.ts'
import { decodeObject, grows, KINDS, loses, type KindName, type Kinds } from '../kinds/index.ts'
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
  const isGrowing = oldObject === undefined || grows(kind, oldObject, object)
  const isLosing = oldObject !== undefined && loses(kind, oldObject, object)
  return { ok: true, change: { kind, operation, object, oldObject, grows: isGrowing, loses: isLosing } }
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
