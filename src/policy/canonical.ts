import { isRecord } from '../kinds/decode.ts'

/**
 * One line of JSON that is equal for documents that say the same, however they are laid out: the keys of mappings are
 * sorted, and comments, blanks and styles are gone. O(size), and what aliases repeat counts each time.
 */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).toSorted(byKey)) : part
  )
}

/** By UTF-16 units, as no locale may matter. */
function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b)
}
