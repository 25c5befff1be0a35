import type { AddressRange } from '../address/range.ts'

/**
 * How many addresses of a range MetalLB never gives out of a pool with avoidBuggyIPs: IPv4 ones that end in .0 or .255,
 * whatever the prefix around them (MetalLB internal/allocator, ipConfusesBuggyFirmwares).
 */
export function buggyAddresses({ family, first, last }: AddressRange): bigint {
  return family === 4 ? buggyBelow(last + 1n) - buggyBelow(first) : 0n
}

/** How many of the IPv4 addresses below `end` end in .0 or in .255. */
function buggyBelow(end: bigint): bigint {
  return (end + 255n) / 256n + end / 256n
}
