import { subtract, type AddressRange } from '../address/range.ts'
import type { Finding } from './finding.ts'

/**
 * The findings of the new object that the stored one did not have already, so that an object which violates a rule can
 * still be edited, relabelled and repaired. Findings about ranges lose the addresses the old ones spoke of, as
 * intervals; others are dropped when the old object had the same fact, in whichever field. O(new * old).
 */
export function newFindings(found: readonly Finding[], stored: readonly Finding[]): Finding[] {
  const known = new Set(stored.filter(finding => rangeOf(finding) === undefined).map(identity))
  return found.flatMap(finding => {
    const range = rangeOf(finding)
    if (range === undefined) return known.has(identity(finding)) ? [] : [finding]
    return remainder(finding, range, stored)
  })
}

function remainder(finding: Finding, range: AddressRange, stored: readonly Finding[]): Finding[] {
  const same = identity(finding)
  const before = stored.flatMap(old => {
    const oldRange = rangeOf(old)
    return oldRange !== undefined && identity(old) === same ? [oldRange] : []
  })
  if (before.length === 0) return [finding]
  return subtract([range], before).map(rest => ({ ...finding, range: rest }))
}

function rangeOf(finding: Finding): AddressRange | undefined {
  return 'range' in finding ? finding.range : undefined
}

/** What may differ between two findings that state the same fact: where, about which addresses, and the way out. */
const CIRCUMSTANCES = [
  'field',
  'otherField',
  'range',
  'restsOn',
  'nearest',
  'largestPart',
  'largestFree',
  'atMost'
]

/** Equal for findings that state the same fact about different addresses or fields. */
function identity(finding: Finding): string {
  const left = rangeOf(finding) === undefined ? CIRCUMSTANCES : [...CIRCUMSTANCES, 'value']
  return JSON.stringify(Object.entries(finding).filter(([key]) => !left.includes(key)))
}
