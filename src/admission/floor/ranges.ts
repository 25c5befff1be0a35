import { cidrBlocks } from '../../address/cidr-blocks.ts'
import { formatRange } from '../../address/format.ts'
import { merge } from '../../address/range.ts'
import type { RangeText } from '../../policy/range-text.ts'

/**
 * CIDRs compared in one expression. All must stand in it, since an address may lie in any of them: a Service with a hundred
 * addresses costs a tenth of what the API server lets an expression cost then (k8s.io/apiserver, PerCallLimit).
 */
const MOST_BLOCKS = 128

/** Ranges as the API server can compare with them, and as they are told. */
export interface Blocks {
  readonly cidrs: readonly string[]
  readonly texts: readonly string[]
}

/** undefined when they make up too many CIDRs. */
export function blocksOf(ranges: readonly RangeText[]): Blocks | undefined {
  const merged = merge(ranges.map(({ range }) => range))
  const cidrs = merged.flatMap(cidrBlocks)
  return cidrs.length > MOST_BLOCKS ? undefined : { cidrs, texts: merged.map(formatRange) }
}

/** What is said when a policy's ranges are left out. */
export function tooManyBlocks(policy: string, field: string): string {
  return `ExposurePolicy ${policy}: ${field} makes up more than ${MOST_BLOCKS} CIDRs`
}
