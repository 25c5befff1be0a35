/** Keys and indexes from the root of an object to one of its fields; [] for the object itself. */
export type FieldPath = readonly (string | number)[]

/** One step of a field: `.key` or `key`, `[0]`, `["any text"]`, or `[any.key/without-brackets]`. */
const STEP = /\.?([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\[([^\]]*)\]/guy

/**
 * The path that a field of a finding means: `metadata.annotations[metallb.io/address-pool]` is three keys,
 * `spec.addresses[1]` two keys and an index. Stops at what it cannot read, so the answer leads to an outer field then.
 */
export function pathOfField(field: string): FieldPath {
  const path: (string | number)[] = []
  for (const [, key, index, quoted, bracketed] of field.matchAll(STEP)) {
    if (key !== undefined) path.push(key)
    else if (index !== undefined) path.push(Number(index))
    else path.push(quoted === undefined ? (bracketed ?? '') : unquoted(quoted))
  }
  return path
}

function unquoted(quoted: string): string {
  try {
    const text: unknown = JSON.parse(quoted)
    return typeof text === 'string' ? text : quoted
  } catch {
    return quoted
  }
}
