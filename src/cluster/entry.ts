import { Cursor } from '../kinds/decode.ts'
import { decodeObject, KINDS, type Decoded, type AnyObject, type KindName } from '../kinds/index.ts'
import { decodeMeta } from '../kinds/meta.ts'
import { keepSource } from '../kinds/source-json.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** What became of one object from the API server. The JSON it was read from is kept on request (`sourceOf`). */
export interface Entry {
  readonly ref: ObjectRef
  readonly resourceVersion: string
  readonly read: Decoded<AnyObject>
}

/** Decodes one object, and keeps its JSON when `keepsJson`. Without a usable name its ref has name ''. */
export function readEntry(kind: KindName, json: unknown, keepsJson: boolean): Entry {
  const read = decodeObject(kind, json)
  if (read.ok && keepsJson) keepSource(read.object, json)
  const meta = read.ok ? read.object.meta : decodeMeta(new Cursor(json, '', []))
  const namespace = KINDS[kind].namespaced ? meta.namespace : ''
  return { ref: { kind, namespace, name: meta.name }, resourceVersion: meta.resourceVersion, read }
}
