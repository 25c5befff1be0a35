import { Inventory } from '../../../src/inventory/inventory.ts'
import { KINDS } from '../../../src/kinds/index.ts'
import { isJsonObject, items, member, text } from '../json.ts'
import type { JsonObject } from '../json.ts'
import type { Rest } from '../rest.ts'
import { kindIn } from './proposals.ts'
import type { MetalLBKind } from './proposals.ts'

/** Where an object is: its kind, namespace and name. */
export type Place = { readonly kind: MetalLBKind; readonly namespace: string; readonly name: string }

/** The same objects twice: in the API server, which MetalLB lists, and in the inventory that poolguard judges by. */
export type World = {
  readonly inventory: Inventory
  /** As the API server returned it; undefined when nothing is there. */
  stored(place: Place): JsonObject | undefined
  /** Everything of the MetalLB kinds. */
  objects(): readonly JsonObject[]
  /** Creates or replaces the object in both; throws when the API server refuses it. */
  store(object: JsonObject): Promise<void>
  /** Makes this what is stored at the place; undefined: nothing. */
  restore(place: Place, object: JsonObject | undefined): Promise<void>
  /** Takes every object of the MetalLB kinds out of both. */
  clear(): Promise<void>
}

/** Starts from what is there of Nodes and Namespaces, which is read once. */
export async function createWorld(api: Rest): Promise<World> {
  const inventory = new Inventory()
  inventory.setAllKnown()
  for (const [path, kind] of [
    ['nodes', 'Node'],
    ['namespaces', 'Namespace']
  ] as const) {
    const { json } = await api.send({ path: `/api/v1/${path}` })
    for (const item of isJsonObject(json) ? items(json, 'items') : []) inventory.putJson(kind, item)
  }
  const stored = new Map<string, { readonly place: Place; readonly object: JsonObject }>()
  const store = async (object: JsonObject): Promise<void> => {
    const place = placeOf(object)
    const before = stored.get(keyOf(place))?.object
    const collection = pathOf(place)
    const request =
      before === undefined
        ? { method: 'POST', path: collection, body: asNew(object) }
        : { method: 'PUT', path: `${collection}/${place.name}`, body: asNewest(object, before) }
    const { status, json } = await api.send(request)
    if (status > 201 || !isJsonObject(json)) {
      throw new Error(`${JSON.stringify(object)}: HTTP ${status} ${JSON.stringify(json)}`)
    }
    stored.set(keyOf(place), { place, object: json })
    // An object that poolguard cannot read is not in its inventory, as it would not be in a cluster's.
    inventory.delete(place.kind, place.namespace, place.name)
    inventory.putJson(place.kind, json)
  }
  const remove = async (place: Place): Promise<void> => {
    await api.send({ method: 'DELETE', path: `${pathOf(place)}/${place.name}` })
    stored.delete(keyOf(place))
    inventory.delete(place.kind, place.namespace, place.name)
  }
  return {
    inventory,
    stored: place => stored.get(keyOf(place))?.object,
    objects: () => [...stored.values()].map(({ object }) => object),
    store,
    restore: async (place, object) => {
      if (object === undefined) await remove(place)
      else await store(object)
    },
    clear: async () => {
      const collections = new Set([...stored.values()].map(({ place }) => pathOf(place)))
      for (const path of collections) await api.send({ method: 'DELETE', path })
      for (const { place } of stored.values()) inventory.delete(place.kind, place.namespace, place.name)
      stored.clear()
    }
  }
}

/** Throws for an object of another kind. */
export function placeOf(object: JsonObject): Place {
  const metadata = member(object, 'metadata')
  return { kind: kindIn(object), namespace: text(metadata, 'namespace'), name: text(metadata, 'name') }
}

function asNew(object: JsonObject): JsonObject {
  const { resourceVersion: _, ...metadata } = member(object, 'metadata')
  return { ...object, metadata }
}

/** The API server takes an update of the newest version only. */
function asNewest(object: JsonObject, stored: JsonObject): JsonObject {
  const { resourceVersion, uid } = member(stored, 'metadata')
  return { ...object, metadata: { ...member(object, 'metadata'), resourceVersion, uid } }
}

function keyOf({ kind, namespace, name }: Place): string {
  return `${kind}/${namespace}/${name}`
}

function pathOf({ kind, namespace }: Place): string {
  const { group, versions, resource } = KINDS[kind]
  return `/apis/${group}/${versions[0] ?? ''}/namespaces/${namespace}/${resource}`
}
