import { isRecord } from '../../kinds/decode.ts'
import { didYouMean } from '../nearest-name.ts'
import { MOST_LEVELS } from './environment.ts'
import { calledName, childrenOf, isLiveNode, partsOf, type LiveNode } from './live-node.ts'
import { readPattern, type Pattern } from './pattern.ts'
import { FUNCTIONS, REQUEST_FIELDS } from './vocabulary.ts'

/** What is wrong with an expression. `offset` counts its characters (UTF-16 units) from 0. */
export interface CelProblem {
  readonly offset: number
  readonly message: string
  /** A way out, or ''. */
  readonly hint: string
}

/** What the type check would say less well, or not at all. */
export function earlyProblem(node: LiveNode): CelProblem | undefined {
  const offset = node.start
  const name = calledName(node)
  if (name !== undefined && !FUNCTIONS.has(name)) {
    return { offset: nameOffset(node), message: `no function ${name}()`, hint: didYouMean(name, FUNCTIONS) }
  }
  if (node.op === 'value' && typeof node.args === 'object' && node.args !== null) {
    return { offset, message: 'uint and bytes are not supported', hint: '' }
  }
  return requestProblem(node)
}

/** Of a method call the node begins where its receiver does; its name stands after what is called. */
function nameOffset(node: LiveNode): number {
  const [, receiver] = partsOf(node.args)
  return node.op === 'rcall' && isLiveNode(receiver) ? receiver.end + 1 : node.start
}

function requestProblem(node: LiveNode): CelProblem | undefined {
  const path = pathOf(node)
  const last = path?.lastIndexOf('.') ?? -1
  const fields = path === undefined || last < 0 ? undefined : REQUEST_FIELDS.get(path.slice(0, last))
  const field = path?.slice(last + 1) ?? ''
  if (fields === undefined || fields.includes(field)) return undefined
  const near = didYouMean(field, fields)
  return {
    offset: node.start,
    message: `${path?.slice(0, last)} has no field ${field}`,
    hint: near || `known: ${fields.join(', ')}`
  }
}

/** Whether `request` is read otherwise than by fields that say nothing about who writes. */
export function asksWho(nodes: readonly LiveNode[]): boolean {
  const paths = nodes.map(pathOf)
  const read = paths.filter(path => path !== undefined && /^request\.\w+$/.test(path))
  const named = paths.filter(path => path === 'request')
  return read.includes('request.userInfo') || named.length > read.length
}

/** `request.userInfo.groups` for what is written so; undefined for everything else. */
function pathOf({ op, args }: LiveNode): string | undefined {
  if (op === 'id') return typeof args === 'string' ? args : undefined
  if (op !== '.' && op !== '.?') return undefined
  const [left, field] = partsOf(args)
  const before = isLiveNode(left) ? pathOf(left) : undefined
  return before === undefined || typeof field !== 'string' ? undefined : `${before}.${field}`
}

/** The first comprehension inside the bodies of more of them than may be. What one goes through stands beside its body. */
export function tooDeep(root: LiveNode): LiveNode | undefined {
  const seen = new Set<LiveNode>()
  const pending = [{ node: root, level: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, level } = next
    if (seen.has(node)) continue
    seen.add(node)
    const isLoop = node.op === 'comprehension'
    if (isLoop && level >= MOST_LEVELS) return node
    const { alternate } = node.meta
    for (const child of alternate === undefined ? childrenOf(node) : [alternate]) {
      pending.push({ node: child, level: isLoop && child !== iterableOf(node) ? level + 1 : level })
    }
  }
  return undefined
}

function iterableOf({ args }: LiveNode): unknown {
  return isRecord(args) ? args['iterable'] : undefined
}

/** The pattern of a `matches` call, or what it is instead. */
export function patternOf({ args }: LiveNode): Pattern | string {
  const [literal] = partsOf(partsOf(args)[2])
  return isLiveNode(literal) && literal.op === 'value' && typeof literal.args === 'string'
    ? readPattern(literal.args)
    : 'a pattern that is no literal text'
}
