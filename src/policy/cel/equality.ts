import { Optional } from '@marcbachmann/cel-js'
import { isRecord } from '../../kinds/decode.ts'
import type { Meter } from './meter.ts'
import { isNetworkValue } from './network-value.ts'

/** Characters that are compared, copied or searched at the price of one step. */
export const CHARACTERS_A_STEP = 64

/**
 * CEL's equality, which the library does not have for maps whose keys come in another order: numbers are equal across types,
 * lists element by element, maps key by key; values of other types that differ are not equal, which is no error. A step for each
 * pair of values, and for every 64 characters.
 */
export function isEqual(a: unknown, b: unknown, meter: Meter): boolean {
  meter.charge(1)
  if (typeof a === 'string' || typeof b === 'string') return areEqualTexts(a, b, meter)
  // By value, as JavaScript compares 1n and 1 with the relational operators.
  if (isNumber(a) && isNumber(b)) return a >= b && a <= b
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => isEqual(item, b[i], meter))
  }
  const [left, right] = [mapOf(a), mapOf(b)]
  if (left !== undefined && right !== undefined) return areEqualMaps(left, right, meter)
  return a === b || areEqualObjects(a, b, meter)
}

function areEqualTexts(a: unknown, b: unknown, meter: Meter): boolean {
  if (typeof a !== 'string' || typeof b !== 'string' || a.length !== b.length) return false
  meter.charge(a.length / CHARACTERS_A_STEP)
  return a === b
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function areEqualMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, meter: Meter): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    if (!b.has(key) || !isEqual(a.get(key), b.get(key), meter)) return false
  }
  return true
}

/** Objects of JSON are Maps already; literals of an expression are plain objects. */
function mapOf(value: unknown): Map<unknown, unknown> | undefined {
  if (value instanceof Map) return value
  return isRecord(value) && value.constructor === Object ? new Map(Object.entries(value)) : undefined
}

function areEqualObjects(a: unknown, b: unknown, meter: Meter): boolean {
  if (isNetworkValue(a) && isNetworkValue(b)) return a.equals(b)
  if (a instanceof Optional && b instanceof Optional) {
    if (!a.hasValue() || !b.hasValue()) return a.hasValue() === b.hasValue()
    return isEqual(a.value(), b.value(), meter)
  }
  return false
}
