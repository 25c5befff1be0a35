import { isRecord } from '../../kinds/decode.ts'

type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown

/** What a macro, or a call that was rewritten, is evaluated by instead. */
interface Meta {
  readonly evaluate?: Evaluate
  readonly alternate?: LiveNode
  readonly macro?: { readonly evaluate: Evaluate }
}

/**
 * A node of the library's parsed expression as it is at run time, which its declarations leave out: `evaluate` is what its parent calls, and `handle`,
 * for operators, calls and comprehensions, is called with the operands' values. Both may be replaced, once the type check has run.
 * test/policy/cel-cost.test.ts fails when a version of the library does it otherwise.
 */
export interface LiveNode {
  readonly op: string
  readonly args: unknown
  readonly start: number
  readonly end: number
  readonly meta: Meta
  readonly checkedType?: { readonly kind: string }
  evaluate: Evaluate
  handle?: (...operands: unknown[]) => unknown
}

export function isLiveNode(value: unknown): value is LiveNode {
  return isRecord(value) && typeof value['op'] === 'string' && typeof value['evaluate'] === 'function'
}

/**
 * What a node does when its parent evaluates it. Nodes change the library's own choice on the first call, so that it is made
 * here before one is replaced.
 */
export function evaluateOf(node: LiveNode): Evaluate {
  const { alternate, macro } = node.meta
  if (alternate !== undefined) {
    return (evaluator, _node, context) => alternate.evaluate(evaluator, alternate, context)
  }
  if (macro !== undefined) return (evaluator, _node, context) => macro.evaluate(evaluator, macro, context)
  return node.meta.evaluate ?? node.evaluate.bind(node)
}

/** The parts of a value that is a list; none of any other. */
export function partsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The nodes right below this one, what it was rewritten to among them. */
export function childrenOf({ args, meta }: LiveNode): readonly LiveNode[] {
  const { alternate, macro } = meta
  return [args, alternate, ...(macro === undefined ? [] : Object.values(macro))].flatMap(nodesIn)
}

/** The nodes in a list, in lists of lists, and in the parts of a comprehension. */
function nodesIn(value: unknown): readonly LiveNode[] {
  if (isLiveNode(value)) return [value]
  if (Array.isArray(value)) return value.flatMap(nodesIn)
  const isParts = isRecord(value) && value.constructor === Object
  return isParts ? Object.values(value).flatMap(part => (isLiveNode(part) ? [part] : [])) : []
}

/** Every node from this one on, each once, before those below it. */
export function nodesOf(root: LiveNode): readonly LiveNode[] {
  const seen = new Set<LiveNode>()
  const pending = [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    pending.push(...childrenOf(node).toReversed())
  }
  return [...seen]
}

/** The name that a call or a method call has; undefined for other nodes. */
export function calledName({ op, args }: LiveNode): string | undefined {
  const [name] = partsOf(args)
  return (op === 'call' || op === 'rcall') && typeof name === 'string' ? name : undefined
}
