import { Environment } from '@marcbachmann/cel-js'
import { CelFailure } from './meter.ts'
import { JsonMap } from './json-value.ts'
import { addNetworkFunctions } from './network-functions.ts'
import { VARIABLES } from './vocabulary.ts'

/**
 * Bounds of one expression. Kubernetes has none of these but estimates cost; an expression a person has written has some 100
 * nodes. Three levels of `exists` are one more than ports by ranges by pools need, and what they cost is bounded anyway.
 */
export const MOST_CHARACTERS = 4096
export const MOST_NODES = 1000
export const MOST_LEVELS = 3
const MOST_ELEMENTS = 200

/** The language of custom rules: CEL with Kubernetes' names and functions, and poolguard's. */
export const ENVIRONMENT = environment()

function environment(): Environment {
  const made = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: MOST_NODES,
      maxDepth: 50,
      maxListElements: MOST_ELEMENTS,
      maxMapEntries: MOST_ELEMENTS,
      maxCallArguments: 8
    }
  })
  for (const name of VARIABLES) made.registerVariable(name, name === 'tenant' ? 'string' : 'dyn')
  made.registerType('kubernetes.Object', JsonMap)
  const add = (signature: string, handler: (...values: never[]) => unknown) =>
    made.registerFunction(signature, handler, { async: false })
  add('size(kubernetes.Object): int', sizeOf)
  add('kubernetes.Object.size(): int', sizeOf)
  add('string.charAt(int): string', charAt)
  add('string.replace(string, string): string', (text: string, from: string, to: string) =>
    text.split(from).join(to)
  )
  // What it does is done by `isEqual`.
  made.registerOperator('optional<A> == optional<A>', (a: unknown, b: unknown) => a === b)
  addNetworkFunctions(made)
  return made
}

function sizeOf({ size }: JsonMap): bigint {
  return BigInt(size)
}

/** '' at the end of the text, as Kubernetes answers; an error beyond. */
function charAt(text: string, index: bigint): string {
  if (index < 0n || index > BigInt(text.length)) throw new CelFailure('charAt() beyond the text')
  return text.charAt(Number(index))
}
