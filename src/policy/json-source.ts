import { LineCounter, parseDocument } from 'yaml'
import { ParsedDocument, type Composed, type YamlDocument } from './yaml-document.ts'
import { MAX_DEPTH } from './yaml-flaws.ts'

/** In valid JSON every string is matched whole, so a colon after one makes it a key. */
const STRINGS = /"(?:[^"\\]|\\.)*"\s*(:?)/gu

/**
 * The text as one JSON object or array; undefined when it is anything else, repeats a key or nests too deep, so that
 * the YAML reader, which reads JSON as well but thirty times slower, says what is wrong and where. Positions are
 * computed when they are asked for. O(characters).
 */
export function readJson(text: string): YamlDocument | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const keys = countKeys(value)
  if (keys === undefined || keys !== writtenKeys(text)) return undefined
  let composed: Composed | undefined
  return new ParsedDocument(value, 0, () => (composed ??= compose(text)))
}

/** The keys of all objects in the value; undefined when it nests too deep for those who recurse. */
function countKeys(root: unknown): number | undefined {
  let keys = 0
  const open = [{ value: root, depth: 1 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > MAX_DEPTH) return undefined
    if (!Array.isArray(value)) keys += Object.keys(value).length
    for (const child of Object.values(value)) open.push({ value: child, depth: depth + 1 })
  }
  return keys
}

function writtenKeys(text: string): number {
  let keys = 0
  for (const match of text.matchAll(STRINGS)) if (match[1] === ':') keys++
  return keys
}

function compose(text: string): Composed {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent'
  })
  return { contents: document.contents, document, lines }
}
