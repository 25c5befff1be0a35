import { formatDash, formatDots, formatEntry } from '../address/format.ts'
import { rangeSize, type AddressRange } from '../address/range.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** Longest piece of user input that a message repeats. */
const SHOWN_CHARACTERS = 100

/** Controls, format characters (bidirectional ones among them), lone surrogates, line separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/**
 * User input as it may stand in a message, a header or a log line: control and bidirectional characters are written as
 * escapes, since they could forge lines or hide text, and the text is cut at `most` code points.
 */
export function shown(text: string, most = SHOWN_CHARACTERS): string {
  const characters = Array.from(text.slice(0, 2 * most + 2))
  const cut = characters.length > most ? `${characters.slice(0, most).join('')}…` : text
  return visible(cut)
}

/** The text with control, format and stray surrogate characters and line separators as `\u{...}` escapes. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, escaped)
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** `IPAddressPool kmetal-metallb/default-pool`, or `Vpc tenant-a` when cluster-scoped. */
export function shownRef(ref: ObjectRef): string {
  return shown(ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`)
}

/** `51 addresses` or `1 address`. */
export function counted(range: AddressRange): string {
  const size = rangeSize(range)
  return size === 1n ? '1 address' : `${size} addresses`
}

/** `a, b and c`; '' for none. More than `most` end in `and N more`. */
export function listed(texts: readonly string[], most = 10): string {
  const kept = texts.length > most ? [...texts.slice(0, most), `${texts.length - most} more`] : texts
  const last = kept.at(-1)
  if (last === undefined) return ''
  return kept.length === 1 ? last : `${kept.slice(0, -1).join(', ')} and ${last}`
}

export { formatDash, formatDots, formatEntry }
