import { formatDash, formatEntry, formatRange } from '../address/format.ts'
import { rangeSize, type AddressRange } from '../address/range.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** Longest piece of user input that a message repeats. */
const SHOWN_CHARACTERS = 100

/**
 * User input as it may stand in a message, a header or a log line: control and bidirectional characters are written as
 * escapes, since they could forge lines or hide text, and the text is cut at `most` code points.
 */
export function shown(text: string, most = SHOWN_CHARACTERS): string {
  const characters = [...text]
  const cut = characters.length > most ? [...characters.slice(0, most), '…'] : characters
  return cut.map(visible).join('')
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029
  const isBidi = code === 0x61c || (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e)
  const isIsolate =
    (code >= 0x2066 && code <= 0x2069) || code === 0xfeff || (code >= 0xd800 && code <= 0xdfff)
  return isControl || isBidi || isIsolate ? `\\u{${code.toString(16)}}` : character
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

export { formatDash, formatEntry, formatRange }
