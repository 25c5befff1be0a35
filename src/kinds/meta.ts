import type { Cursor } from './decode.ts'

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller: boolean
}

/** The part of ObjectMeta that decisions use. `namespace` is '' for cluster-scoped kinds, `name` may be '' with generateName. */
export interface Meta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly deleting: boolean
  readonly labels: ReadonlyMap<string, string>
  readonly annotations: ReadonlyMap<string, string>
  readonly ownerReferences: readonly OwnerReference[]
}

export function decodeMeta(object: Cursor): Meta {
  const meta = object.at('metadata')
  return {
    name: meta.at('name').string(meta.at('generateName').string()),
    namespace: meta.at('namespace').string(),
    uid: meta.at('uid').string(),
    resourceVersion: meta.at('resourceVersion').string(),
    deleting: meta.at('deletionTimestamp').present,
    labels: meta.at('labels').stringMap(),
    annotations: meta.at('annotations').stringMap(),
    ownerReferences: meta.at('ownerReferences').items().map(decodeOwnerReference)
  }
}

function decodeOwnerReference(owner: Cursor): OwnerReference {
  return {
    apiVersion: owner.at('apiVersion').string(),
    kind: owner.at('kind').string(),
    name: owner.at('name').string(),
    uid: owner.at('uid').string(),
    controller: owner.at('controller').boolean(false)
  }
}
