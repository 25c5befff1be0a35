import type { Scalar } from 'yaml'

/** Why one plain text means two things, and what to write instead. */
export interface Ambiguity {
  readonly message: string
  readonly hint: string
}

/**
 * kubectl and Helm read YAML 1.1 in part (go.yaml.in/yaml/v2, resolve.go): a number with a leading zero is octal, and signed hex,
 * `0b11`, `0O7` and `1_000` are numbers, which here they are not. undefined for what both read alike. O(characters).
 */
export function ambiguityOf(scalar: Scalar): Ambiguity | undefined {
  const { value, source = '' } = scalar
  if (typeof value === 'number') return octalAmbiguity(value, source)
  const isPlainText = typeof value === 'string' && scalar.type === 'PLAIN' && scalar.tag === undefined
  const number = isPlainText ? numberToKubectl(source) : undefined
  if (number === undefined) return undefined
  return {
    message: `kubectl reads ${source} as the number ${number}`,
    hint: `write ${number}, or '${source}' if it is text`
  }
}

/** What does not fit into 64 bits is decimal to kubectl too, as are `08` and `00.5`. */
const MOST_OCTAL = 2 ** 64

function octalAmbiguity(value: number, source: string): Ambiguity | undefined {
  if (!/^[-+]?0[0-7]+$/.test(source)) return undefined
  const octal = Number.parseInt(source, 8)
  if (octal === value || Math.abs(octal) >= MOST_OCTAL) return undefined
  return {
    message: `${source} is ${octal} to kubectl, where a leading zero means octal, and ${value} to others`,
    hint: `write ${octal} or ${value}, or '${source}' if it is text`
  }
}

const INTEGER = /^[-+]?(?:0b[01]+|0o?[0-7]+|0x[0-9a-f]+|[0-9]+)$/i
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?$/i

/** The number that kubectl makes of a text that is none in YAML 1.2. It looks for one behind a digit or a sign alone. */
function numberToKubectl(text: string): number | undefined {
  if (!/^[-+0-9]/.test(text)) return undefined
  const digits = text.replaceAll('_', '')
  if (!INTEGER.test(digits) && !DECIMAL.test(digits)) return undefined
  const size = digits.replace(/^[-+]/, '')
  const number = Number(/^0[0-7]+$/.test(size) ? `0o${size}` : size)
  return digits.startsWith('-') ? -number : number
}
