import type { RangeIndex } from '../address/range-index.ts'
import type { AddressRange } from '../address/range.ts'
import type { Finding } from './finding.ts'
import { firstOutside, rangeIndex } from './parts-outside.ts'

/**
 * The findings of the new object that the stored one did not have already, so that an object which violates a rule can
 * still be edited, relabelled and repaired. Findings about ranges lose the addresses the old ones spoke of, as
 * intervals, and of what is left the first 16 parts are told; others are dropped when the old object had the same fact,
 * in whichever field. O((new + old) log old).
 */
export function newFindings(found: readonly Finding[], stored: readonly Finding[]): Finding[] {
  if (stored.length === 0) return [...found]
  const known = new Set(stored.filter(finding => rangeOf(finding) === undefined).map(identity))
  const ranges = rangesByFact(stored)
  return found.flatMap(finding => {
    const range = rangeOf(finding)
    if (range === undefined) return known.has(identity(finding)) ? [] : [finding]
    const before = ranges.get(identity(finding))
    if (before === undefined) return [finding]
    return firstOutside(before, range).map(rest => ({ ...finding, range: rest }))
  })
}

/** The addresses that the findings speak of, by what they say about them. */
function rangesByFact(findings: readonly Finding[]): ReadonlyMap<string, RangeIndex<undefined>> {
  const ranges = new Map<string, AddressRange[]>()
  for (const finding of findings) {
    const range = rangeOf(finding)
    if (range === undefined) continue
    const fact = identity(finding)
    const known = ranges.get(fact)
    if (known === undefined) ranges.set(fact, [range])
    else known.push(range)
  }
  return new Map([...ranges].map(([fact, those]) => [fact, rangeIndex(those)]))
}

function rangeOf(finding: Finding): AddressRange | undefined {
  return 'range' in finding ? finding.range : undefined
}

/** What may differ between two findings that state the same fact: where, about which and how many addresses, and the way out. */
const CIRCUMSTANCES = [
  'field',
  'otherField',
  'poolField',
  'range',
  'restsOn',
  'nearest',
  'largestPart',
  'largestFree',
  'sharedNode',
  'atMost',
  'counts',
  // A custom rule that fails already may word it otherwise for the new object.
  'text',
  // What the policies allow instead: the same for both objects, and as long as a policy is.
  'allowed'
]

/** Equal for findings that state the same fact about different addresses or fields. */
function identity(finding: Finding): string {
  const left = rangeOf(finding) === undefined ? CIRCUMSTANCES : [...CIRCUMSTANCES, 'value']
  return JSON.stringify(Object.entries(finding).filter(([key]) => !left.includes(key)))
}
