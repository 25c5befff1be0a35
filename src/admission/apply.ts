import { isRecord } from '../kinds/decode.ts'
import type { RawObject } from './raw-object.ts'

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * What `kubectl apply` makes of a stored object: the manifest's fields win, those that were applied before and are gone
 * from the manifest go, everything else stays, such as what the API server, a webhook or a controller filled in. Lists
 * are replaced as a whole (kubectl merges some lists of built-in kinds by key; nothing judged depends on it). `status` is
 * never the manifest's. `lastApplied` is the manifest applied before; undefined: what the stored object's annotation says.
 */
export function applied(
  stored: JsonObject,
  lastApplied: JsonObject | undefined,
  manifest: JsonObject
): JsonObject {
  const last = lastApplied ?? annotatedManifest(stored)
  return mergedRecord(stored, withoutStatus(last), annotated(withoutStatus(manifest), stored))
}

/**
 * kubectl puts an annotation of its own into every manifest, so `metadata.annotations` is never missing in it and never
 * removed as a whole.
 */
function annotated(manifest: JsonObject, stored: JsonObject): JsonObject {
  const { metadata } = manifest
  if (!isRecord(metadata) || 'annotations' in metadata) return manifest
  if (member(member(stored, 'metadata'), 'annotations') === undefined) return manifest
  return { ...manifest, metadata: { ...metadata, annotations: {} } }
}

/** The object with its namespace written out, as it is stored, and under this name. */
export function named({ ref, json }: RawObject, name = ref.name): JsonObject {
  const metadata = json['metadata'] ?? {}
  if (!isRecord(metadata)) return json
  const namespace = ref.namespace === '' ? {} : { namespace: ref.namespace }
  return { ...json, metadata: { ...metadata, name, ...namespace } }
}

/** The manifest as a CREATE stores it: the API server drops `status`. */
export function withoutStatus(manifest: JsonObject): JsonObject {
  const { status: _, ...rest } = manifest
  return rest
}

function mergedRecord(stored: JsonObject, last: JsonObject, manifest: JsonObject): JsonObject {
  const result = new Map(Object.entries(stored))
  for (const key of Object.keys(last)) if (!Object.hasOwn(manifest, key)) result.delete(key)
  for (const [key, value] of Object.entries(manifest)) {
    if (value === null) result.delete(key)
    else result.set(key, merged(result.get(key), member(last, key), value))
  }
  return Object.fromEntries(result)
}

function merged(stored: unknown, last: unknown, manifest: unknown): unknown {
  if (!isRecord(stored) || !isRecord(manifest)) return manifest
  return mergedRecord(stored, isRecord(last) ? last : {}, manifest)
}

function annotatedManifest(stored: JsonObject): JsonObject {
  const text = member(member(member(stored, 'metadata'), 'annotations'), LAST_APPLIED)
  try {
    const manifest: unknown = typeof text === 'string' ? JSON.parse(text) : undefined
    return isRecord(manifest) ? manifest : {}
  } catch {
    return {}
  }
}

function member(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
