import { isUtf8 } from 'node:buffer'
import type { Refusal } from './refusal.ts'

/** The parsed body, or what is wrong with its bytes. Whether the JSON is an AdmissionReview is for admission to say. */
export type ReviewJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal }

/**
 * Reads UTF-8 JSON of limited depth without repeated keys, in linear time. Plain JSON.parse on purpose: it makes `__proto__`
 * an own property like any other and touches no prototype, whereas the framework's parser refuses such keys, and they are
 * legal in reviews (keys of a ConfigMap or of userInfo.extra).
 */
export function parseReviewJson(bytes: Buffer, depth: number): ReviewJson {
  const encoding = encodingProblem(bytes)
  if (encoding !== '') return malformed(encoding)
  const text = bytes.toString('utf8')
  const structure = structureProblem(text, depth)
  if (structure !== '') return malformed(structure)
  try {
    const value: unknown = JSON.parse(text)
    return { ok: true, value }
  } catch {
    // The engine's message quotes the text, and bodies are never echoed.
    return malformed('the body is not JSON')
  }
}

function malformed(error: string): ReviewJson {
  const hint = 'send one AdmissionReview as JSON in UTF-8, the way the API server does'
  return { ok: false, refusal: { status: 400, error, hint } }
}

/** A byte order mark is refused rather than skipped: RFC 8259, section 8.1, forbids senders to add one. */
function encodingProblem(bytes: Buffer): string {
  if (bytes.length === 0) return 'the body is empty'
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'the body is UTF-16'
  // JSON starts with an ASCII character, which UTF-16 and UTF-32 pad with zero bytes.
  if (first === 0 || second === 0) return 'the body is UTF-16'
  if (first === 0xef && second === 0xbb) return 'the body starts with a byte order mark'
  return isUtf8(bytes) ? '' : 'the body is not valid UTF-8'
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Depth and repeated keys, before anything recursive sees the text. Repeated keys mean different things to different parsers;
 * an API server never sends them, as it encodes the review from decoded objects. Says nothing on text that is not JSON.
 */
function structureProblem(text: string, depth: number): string {
  const open: (Set<string> | undefined)[] = []
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      const end = closingQuote(text, i + 1)
      if (isKey(text, end + 1) && repeated(open.at(-1), text.slice(i, end + 1)))
        return 'the body repeats a key in an object'
      i = end
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (open.push(code === OPEN_BRACE ? new Set() : undefined) > depth)
        return `the body is nested deeper than ${depth} levels`
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      open.pop()
    }
  }
  return ''
}

/** Index of the quote that ends the string whose text starts at `from`; the text's length when nothing ends it. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from)
  while (at !== -1 && escaped(text, at, from)) at = text.indexOf('"', at + 1)
  return at === -1 ? text.length : at
}

/** True when an odd number of backslashes stands before `at`. */
function escaped(text: string, at: number, from: number): boolean {
  let start = at
  while (start > from && text.charCodeAt(start - 1) === BACKSLASH) start--
  return (at - start) % 2 === 1
}

function isKey(text: string, from: number): boolean {
  let at = from
  while (isBlank(text.charCodeAt(at))) at++
  return text.charCodeAt(at) === COLON
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function repeated(keys: Set<string> | undefined, quoted: string): boolean {
  if (keys === undefined) return false
  const key = quoted.includes('\\') ? unescaped(quoted) : quoted
  if (keys.has(key)) return true
  keys.add(key)
  return false
}

/** The same key can be written with and without escapes. */
function unescaped(quoted: string): string {
  try {
    return JSON.stringify(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
