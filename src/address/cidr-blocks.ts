import { formatAddress } from './format.ts'
import type { AddressRange, Family } from './range.ts'

const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 }

/**
 * The fewest CIDRs that make up the range, from the lowest address on, such as `10.0.0.4/30`. A CIDR lies inside the range
 * exactly when it lies inside one of them. At most twice as many as the family has bits.
 */
export function cidrBlocks({ family, first, last }: AddressRange): readonly string[] {
  const blocks: string[] = []
  for (let start = first; start <= last;) {
    let hostBits = 0
    while (hostBits < BITS[family] && isBlock(start, hostBits + 1, last)) hostBits++
    blocks.push(`${formatAddress(family, start)}/${BITS[family] - hostBits}`)
    start += 1n << BigInt(hostBits)
  }
  return blocks
}

/** Whether a block of so many host bits may begin here and ends no later than `last`. */
function isBlock(start: bigint, hostBits: number, last: bigint): boolean {
  const size = 1n << BigInt(hostBits)
  return (start & (size - 1n)) === 0n && start + size - 1n <= last
}
