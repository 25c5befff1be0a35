import type { AnyObject } from './index.ts'

const sources = new WeakMap<AnyObject, unknown>()

/** Keeps the JSON that an object was read from, as long as the object: it takes some five times its text. */
export function keepSource(object: AnyObject, json: unknown): void {
  sources.set(object, json)
}

/** The JSON that an object was read from; undefined where it was not kept. */
export function sourceOf(object: AnyObject): unknown {
  return sources.get(object)
}
