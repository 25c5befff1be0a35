import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import type { Document, LineCounter, Node } from 'yaml'
import { isRecord } from '../kinds/decode.ts'
import type { PathPart } from './document-error.ts'

/** 1-based, the column in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One document, or one part of it, and where its nodes stand in the text. */
export interface YamlDocument {
  /** Plain JSON values; parts that aliases repeat are the same object. */
  readonly value: unknown
  /** The document's place in its file, from 0; documents without content are not counted. */
  readonly index: number
  /** Where `value` stands in its document; [] for the whole of it. Paths below are relative to it. */
  readonly path: readonly PathPart[]
  /**
   * Where a node stands. `key` asks for the key of a mapping's entry. Where the path ends before the node it names (a
   * missing key), the key of the innermost mapping that is there, or its first entry inside a list. O(path * entries).
   * `offset` asks for a character of the text that stands there (UTF-16 units of the value, from 0): where the text is
   * written as it is read, on one line or in a block after `|`, else where it begins.
   */
  position(path: readonly PathPart[], at?: 'key' | 'value', offset?: number): Position
  /** A short rendering of what stands there, numbers as written; '' when nothing does. */
  shown(path: readonly PathPart[]): string
}

/** A composed document and the line starts of its text. */
export interface Composed {
  readonly contents: Node | null
  readonly document: Document
  readonly lines: LineCounter
}

/** Longest rendering of a value in a message. */
const SHOWN_CHARACTERS = 60

/** A document whose nodes are looked at only when a position is asked for. */
export class ParsedDocument implements YamlDocument {
  readonly value: unknown
  readonly index: number
  readonly path: readonly PathPart[] = []
  readonly #compose: () => Composed

  /** `compose` is called at each question about positions, so it should be cheap or remember its answer. */
  constructor(value: unknown, index: number, compose: () => Composed) {
    this.value = value
    this.index = index
    this.#compose = compose
  }

  position(path: readonly PathPart[], at: 'key' | 'value' = 'value', offset = 0): Position {
    const composed = this.#compose()
    const { key, node, found } = locate(composed, path)
    const target = at === 'value' && found && !isBlank(node) ? node : (key ?? node)
    const { line, col } = composed.lines.linePos(target?.range?.[0] ?? 0)
    return characterAt(target, offset, composed.lines) ?? { line, column: col }
  }

  shown(path: readonly PathPart[]): string {
    const value = valueAt(this.value, path)
    if (value === undefined) return ''
    if (typeof value === 'number') {
      const { node } = locate(this.#compose(), path)
      if (isScalar(node) && node.source !== undefined) return node.source
    }
    const text = JSON.stringify(value)
    return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text
  }
}

/** The part of a document at `path`, as a document of its own; its value is undefined when nothing is there. */
export function partOf(document: YamlDocument, path: readonly PathPart[]): YamlDocument {
  return {
    value: valueAt(document.value, path),
    index: document.index,
    path: [...document.path, ...path],
    position: (inner, at, offset) => document.position([...path, ...inner], at, offset),
    shown: inner => document.shown([...path, ...inner])
  }
}

function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  let at = value
  for (const part of path) {
    if (Array.isArray(at) && typeof part === 'number') at = at[part]
    else at = isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined
  }
  return at
}

interface Located {
  /** The key under which `node` stands; undefined for the root and in lists. */
  readonly key: Node | undefined
  readonly node: Node | undefined
  readonly found: boolean
}

function locate({ contents, document }: Composed, path: readonly PathPart[]): Located {
  let at: Located = { key: undefined, node: contents ?? undefined, found: true }
  for (const part of path) {
    const next = childOf(isAlias(at.node) ? at.node.resolve(document) : at.node, part)
    if (!next) return { ...at, found: false }
    at = next
  }
  return at
}

function childOf(parent: Node | undefined, part: PathPart): Located | undefined {
  if (isSeq(parent) && typeof part === 'number') {
    const item = parent.items[part]
    return isNode(item) ? { key: undefined, node: item, found: true } : undefined
  }
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
  if (!pair || !isNode(pair.key)) return undefined
  return { key: pair.key, node: isNode(pair.value) ? pair.value : undefined, found: true }
}

/** Where a character of a scalar stands; undefined where it is written otherwise than it is read. */
function characterAt(node: Node | undefined, offset: number, lines: LineCounter): Position | undefined {
  if (offset === 0 || !isScalar(node) || typeof node.value !== 'string' || !node.range) return undefined
  const { value, type, range } = node
  const [start, end] = range
  const quote = type === 'PLAIN' ? 0 : 1
  if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') {
    if (end - start !== value.length + 2 * quote) return undefined
    const { line, col } = lines.linePos(start + quote + offset)
    return { line, column: col }
  }
  return type === 'BLOCK_LITERAL' ? inBlock(value, offset, { start, end, lines }) : undefined
}

interface Block {
  readonly start: number
  readonly end: number
  readonly lines: LineCounter
}

/** The lines of a literal block follow its header, each indented alike: by what they are longer than what is read of them. */
function inBlock(value: string, offset: number, { start, end, lines }: Block): Position | undefined {
  const header = lines.linePos(start).line
  const before = value.slice(0, offset).split('\n')
  const texts = value.split('\n')
  const line = header + before.length
  const [from, next] = [line - 1, line].map(index => lines.lineStarts[index] ?? end)
  const text = texts[before.length - 1]
  if (from === undefined || next === undefined || text === undefined) return undefined
  const indent = Math.min(next, end) - from - text.length - 1
  const column = Math.max(0, indent) + (before.at(-1)?.length ?? 0) + 1
  return { line, column }
}

/** `key:` with nothing after it: the node is an empty place, maybe on the next line. */
function isBlank(node: Node | undefined): boolean {
  return node === undefined || (isScalar(node) && node.value === null && node.source === '')
}
