import jsonPatch from 'fast-json-patch'
import type { Operation as PatchOperation } from 'fast-json-patch'

export type { PatchOperation }

/**
 * The RFC 6902 patch from one raw object to another; empty when they are equal. Raw against raw: diffing a decoded type
 * would delete every field that is not modelled.
 */
export function patchOf(
  raw: Record<string, unknown>,
  changed: Record<string, unknown>
): readonly PatchOperation[] {
  return jsonPatch.compare(raw, changed)
}

/** A patched copy. Throws when an operation does not fit the object, which is a bug of the caller. */
export function patched(
  raw: Record<string, unknown>,
  operations: readonly PatchOperation[]
): Record<string, unknown> {
  return jsonPatch.applyPatch(structuredClone(raw), [...operations], true).newDocument
}
