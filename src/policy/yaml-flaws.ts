import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { CST, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import type { PathPart } from './document-error.ts'
import { ambiguityOf } from './yaml-numbers.ts'

/** Something valid YAML says that a Kubernetes document cannot mean. `offset` counts UTF-16 units into the text. */
export interface YamlFlaw {
  readonly offset: number
  readonly path: readonly PathPart[]
  readonly message: string
  readonly hint: string
}

/** Kubernetes objects stay far below; the composer recurses, and V8 may abort outright when it is short of stack. */
export const MAX_DEPTH = 100

/** Nodes that aliases may add to one document: far above hand-written ones, cheap enough to walk. */
const MAX_BORROWED_NODES = 100_000

/** The tags of JSON's own types (YAML 1.2, 10.2); `!!binary`, `!!set` and the like have no JSON value. */
const JSON_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(name => `tag:yaml.org,2002:${name}`)
)

/** The offset of something nested deeper than MAX_DEPTH, or undefined. Does not recurse; O(tokens). */
export function tooDeepAt(document: CST.Token): number | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] = []
  if (document.type === 'document' && document.value) open.push({ token: document.value, depth: 1 })
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.depth > MAX_DEPTH) return next.token.offset
    if (!('items' in next.token)) continue
    for (const { key, value } of next.token.items) {
      if (key) open.push({ token: key, depth: next.depth + 1 })
      if (value) open.push({ token: value, depth: next.depth + 1 })
    }
  }
  return undefined
}

/** The flaws of a composed document, in the order of the text: empty when it has a plain JSON value. O(nodes). */
export function flawsOf(contents: Node | null): readonly YamlFlaw[] {
  const walk = new Walk()
  if (contents) walk.measure(contents, [])
  return walk.flaws
}

/** How many levels and nodes a node has once its aliases are replaced by what they name. */
interface Extent {
  readonly height: number
  readonly nodes: number
}

const LEAF: Extent = { height: 1, nodes: 1 }

/** Goes through the nodes once; an alias counts with the extent of its anchor, so nothing is expanded. */
class Walk {
  readonly flaws: YamlFlaw[] = []
  readonly #anchors = new Map<string, Extent | 'open'>()
  #borrowed = 0

  measure(node: Node, path: readonly PathPart[]): Extent {
    if (isAlias(node)) return this.#alias(node.source, node, path)
    if (node.tag !== undefined && !JSON_TAGS.has(node.tag)) {
      this.#flaw(node, path, `the tag ${node.tag} is not supported`, 'write a plain value')
    }
    if (isScalar(node)) this.#scalar(node, path)
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const extent = isMap(node) ? this.#map(node, path) : isSeq(node) ? this.#seq(node, path) : LEAF
    if (anchor !== undefined) this.#anchors.set(anchor, extent)
    return extent
  }

  #map(map: YAMLMap, path: readonly PathPart[]): Extent {
    const keys = new Set<string>()
    let extent = LEAF
    for (const pair of map.items) {
      const key = this.#key(pair, keys, path)
      if (key !== undefined && isNode(pair.value)) extent = this.#grow(extent, pair.value, [...path, key])
    }
    return extent
  }

  #key(pair: Pair, keys: Set<string>, path: readonly PathPart[]): string | undefined {
    const { key } = pair
    if (!isNode(key)) return undefined
    const name = isScalar(key) ? keyText(key.value) : undefined
    if (name === undefined) {
      const hint = isMap(key) ? 'fill {{ templates }} in first, or write them in quotes' : ''
      this.#flaw(key, path, 'a key must be text', hint)
      return undefined
    }
    if (isScalar(key)) this.#scalar(key, [...path, name])
    if (keys.has(name)) this.#flaw(key, [...path, name], 'the key is given twice', 'keep one')
    keys.add(name)
    return name
  }

  #scalar(scalar: Scalar, path: readonly PathPart[]): void {
    const ambiguity = ambiguityOf(scalar)
    if (ambiguity !== undefined) this.#flaw(scalar, path, ambiguity.message, ambiguity.hint)
  }

  #seq(seq: YAMLSeq, path: readonly PathPart[]): Extent {
    let extent = LEAF
    seq.items.forEach((item, i) => {
      if (isNode(item)) extent = this.#grow(extent, item, [...path, i])
    })
    return extent
  }

  #grow(extent: Extent, child: Node, path: readonly PathPart[]): Extent {
    const inner = this.measure(child, path)
    const height = Math.max(extent.height, inner.height + 1)
    if (isAlias(child) && height > MAX_DEPTH) {
      this.#flaw(child, path, `nested deeper than ${MAX_DEPTH} levels`, '')
      return LEAF
    }
    return { height, nodes: extent.nodes + inner.nodes }
  }

  #alias(name: string, node: Node, path: readonly PathPart[]): Extent {
    const extent = this.#anchors.get(name)
    if (extent === undefined) this.#flaw(node, path, `no anchor &${name} before this alias`, '')
    if (extent === 'open') this.#flaw(node, path, `the alias *${name} is inside its own anchor`, '')
    if (typeof extent !== 'object') return LEAF
    const before = this.#borrowed
    this.#borrowed += extent.nodes
    if (before <= MAX_BORROWED_NODES && this.#borrowed > MAX_BORROWED_NODES) {
      this.#flaw(node, path, `aliases add more than ${MAX_BORROWED_NODES} nodes`, 'write the values out')
    }
    return extent
  }

  #flaw(node: Node, path: readonly PathPart[], message: string, hint: string): void {
    this.flaws.push({ offset: node.range?.[0] ?? 0, path, message, hint })
  }
}

/** Pairs hold their parts as unknown, because they may also be built from plain values. */
function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)
}

/** Numbers and booleans are keys by their text, as when Kubernetes turns YAML into JSON. */
function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  // The library reads a plain `<<` as a symbol, so that a quoted one stays a key like any other.
  if (typeof value === 'symbol') return '<<'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
