import { Cursor } from '../kinds/decode.ts'
import { decodeObject, KINDS, type Decoded, type AnyObject, type KindName } from '../kinds/index.ts'
import { decodeMeta } from '../kinds/meta.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** What became of one object from the API server. The JSON it was read from is not kept. */
export interface Entry {
  readonly ref: ObjectRef
  readonly resourceVersion: string
  readonly read: Decoded<AnyObject>
}

/** Decodes one object. Without a usable name its ref has name ''. */
export function readEntry(kind: KindName, json: unknown): Entry {
  const read = decodeObject(kind, json)
  const meta = read.ok ? read.object.meta : decodeMeta(new Cursor(json, '', []))
  const namespace = KINDS[kind].namespaced ? meta.namespace : ''
  return { ref: { kind, namespace, name: meta.name }, resourceVersion: meta.resourceVersion, read }
}
