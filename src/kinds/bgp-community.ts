/** The two forms of a community that MetalLB reads: `64512:100` (RFC 1997) and `large:64512:1:2` (RFC 8092). */
export type CommunityForm = 'legacy' | 'large'

/** Each part of a large community has 32 bits, of a legacy one 16. */
const LARGEST = { legacy: 0xffff, large: 0xffffffff } as const

/** The form of a community's value; undefined when it is none (MetalLB internal/bgp/community). O(length). */
export function communityForm(text: string): CommunityForm | undefined {
  const parts = text.split(':', 5)
  if (parts.length === 2) return areNumbers(parts, LARGEST.legacy) ? 'legacy' : undefined
  const [marker, ...numbers] = parts
  return marker === 'large' && numbers.length === 3 && areNumbers(numbers, LARGEST.large)
    ? 'large'
    : undefined
}

/** Leading zeros are accepted, as by Go's strconv.ParseUint. */
function areNumbers(texts: readonly string[], largest: number): boolean {
  return texts.every(text => /^\d+$/.test(text) && Number(text) <= largest)
}
