import { isRecord } from '../../kinds/decode.ts'
import { CHARACTERS_A_STEP, isEqual } from './equality.ts'
import { callCost, costOf } from './call-cost.ts'
import { calledName, evaluateOf, nodesOf, partsOf, type LiveNode } from './live-node.ts'
import { CelFailure, type Meter } from './meter.ts'
import type { Pattern } from './pattern.ts'

/** Whose steps are counted now: an expression is compiled once and evaluated for many requests, one after the other. */
export interface Gauge {
  meter: Meter
}

/**
 * Steps for an error that the expression goes on after (`||`, `exists`, an optional index): making one takes about 20 us, where a step is 50 ns to 100 ns
 * (test/policy/cel-cost.test.ts measures both).
 */
const ERROR_STEPS = 400

/**
 * Has every node of a checked expression count what it does in `gauge.meter` before it does it, and do in linear time what the library
 * does not. `patterns` are those of its `matches` calls.
 */
export function meterNodes(root: LiveNode, gauge: Gauge, patterns: ReadonlyMap<LiveNode, Pattern>): void {
  const nodes = nodesOf(root)
  const guarded = new Set(nodes.flatMap(guardedBy))
  for (const node of nodes) {
    const handle = handleOf(node, gauge, patterns.get(node))
    if (handle !== undefined) node.handle = handle
  }
  for (const node of nodes) {
    const evaluate = evaluateOf(node)
    const steps = isSilentIndex(node) ? ERROR_STEPS : 1
    const counted: LiveNode['evaluate'] = (evaluator, one, context) => {
      gauge.meter.charge(steps)
      return evaluate(evaluator, one, context)
    }
    node.evaluate = guarded.has(node) ? withErrors(counted, gauge) : counted
  }
}

/** The nodes below this one whose errors it may drop. */
function guardedBy({ op, args }: LiveNode): readonly unknown[] {
  if (op === '||' || op === '&&') return partsOf(args)
  return op === 'comprehension' && isRecord(args) ? [args['step']] : []
}

/** Whether an index beyond the list is an error that the library makes and drops. */
function isSilentIndex({ op, args }: LiveNode): boolean {
  if (op === '[?]') return true
  const left = op === '[]' ? partsOf(args)[0] : undefined
  return isRecord(left) && isRecord(left['checkedType']) && left['checkedType']['kind'] === 'optional'
}

function withErrors(evaluate: LiveNode['evaluate'], gauge: Gauge): LiveNode['evaluate'] {
  return (evaluator, node, context) => {
    try {
      return evaluate(evaluator, node, context)
    } catch (error) {
      gauge.meter.charge(ERROR_STEPS)
      throw error
    }
  }
}

type Handle = (...operands: unknown[]) => unknown

/** What to do with the operands' values instead; undefined where constant time is all it takes. */
function handleOf(node: LiveNode, gauge: Gauge, pattern: Pattern | undefined): Handle | undefined {
  const { op, handle } = node
  if (handle === undefined) return undefined
  switch (op) {
    case '==':
      return (a, b) => isEqual(a, b, gauge.meter)
    case '!=':
      return (a, b) => !isEqual(a, b, gauge.meter)
    case 'in':
      return (a, b, ...rest) => isIn(a, b, gauge.meter) ?? handle(a, b, ...rest)
    case '+':
      return (a, b, ...rest) => sum(a, b, gauge.meter) ?? handle(a, b, ...rest)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (a, b, ...rest) => {
        gauge.meter.charge(Math.min(costOf(a), costOf(b)))
        return handle(a, b, ...rest)
      }
    case 'comprehension':
      return (iterable, ...rest) => {
        if (Array.isArray(iterable)) gauge.meter.charge(iterable.length)
        return handle(iterable, ...rest)
      }
    case 'call':
    case 'rcall':
      return callHandle(calledName(node) ?? '', handle, gauge, pattern)
    default:
      return undefined
  }
}

function callHandle(name: string, handle: Handle, gauge: Gauge, pattern: Pattern | undefined): Handle {
  return (values, ...rest) => {
    const operands = partsOf(values)
    if (pattern !== undefined) return isMatch(operands[0], pattern, gauge.meter)
    gauge.meter.charge(callCost(name, operands))
    const [text] = operands
    const ascii = ASCII_CASE.get(name)
    return ascii === undefined || typeof text !== 'string' ? handle(values, ...rest) : ascii(text)
  }
}

/** The library's change the case of every letter there is. */
const ASCII_CASE: ReadonlyMap<string, (text: string) => string> = new Map([
  ['lowerAscii', text => text.replace(/[A-Z]+/g, letters => letters.toLowerCase())],
  ['upperAscii', text => text.replace(/[a-z]+/g, letters => letters.toUpperCase())]
])

function isMatch(text: unknown, pattern: Pattern, meter: Meter): boolean {
  if (typeof text !== 'string') throw new CelFailure('matches() of what is no text')
  meter.charge(1 + (text.length * pattern.size) / CHARACTERS_A_STEP)
  return pattern.test(text)
}

function isIn(value: unknown, among: unknown, meter: Meter): boolean | undefined {
  if (Array.isArray(among)) return among.some(item => isEqual(value, item, meter))
  return among instanceof Map ? among.has(value) : undefined
}

function sum(a: unknown, b: unknown, meter: Meter): unknown {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.charge((a.length + b.length) / CHARACTERS_A_STEP)
    return a + b
  }
  if (!Array.isArray(a) || !Array.isArray(b)) return undefined
  meter.charge(a.length + b.length)
  const both: unknown[] = a.concat(b)
  return both
}
