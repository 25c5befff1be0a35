import { prefixOf } from './range.ts'
import type { AddressRange, Family } from './range.ts'

/** IPv4-mapped IPv6 addresses are ::ffff:0:0/96 (RFC 4291, 2.5.5.2), so this is their upper 96 bits. */
const MAPPED_UPPER = 0xffffn

/**
 * The address as text: dotted decimal, or RFC 5952 for IPv6 (lower case, the first longest run of two or more
 * zero groups as `::`, dotted tail for IPv4-mapped). The parser reads a mapped text back as IPv4, so an IPv6 range
 * with one end inside ::ffff:0:0/96 (the parser gives such for ::/80 and its like only) has no `a-b` that it accepts.
 */
export function formatAddress(family: Family, value: bigint): string {
  if (family === 4) return dotted(value)
  if (value >> 32n === MAPPED_UPPER) return `::ffff:${dotted(value & 0xffffffffn)}`
  const groups = value
    .toString(16)
    .padStart(32, '0')
    .replace(/[0-9a-f]{4}/g, group => `${group}:`)
    .split(':', 8)
    .map(group => group.replace(/^0{1,3}/, ''))
  return compress(groups)
}

function dotted(value: bigint): string {
  const word = Number(value)
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function compress(groups: readonly string[]): string {
  let start = 0
  let length = 1
  for (let i = 0; i < groups.length; i++) {
    let end = i
    while (groups[end] === '0') end++
    if (end - i > length) {
      start = i
      length = end - i
    }
  }
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

/** The shortest exact text: `a` for one address, a CIDR where the range is exactly one, else `a-b`. */
export function formatRange(range: AddressRange): string {
  return range.first === range.last ? formatAddress(range.family, range.first) : formatEntry(range)
}

/** Both ends as `a-b`, even where a CIDR would do; `a` for one address. For ranges a reader has to compare. */
export function formatDash(range: AddressRange): string {
  const first = formatAddress(range.family, range.first)
  return range.first === range.last ? first : `${first}-${formatAddress(range.family, range.last)}`
}

/** The range as an entry of Kube-OVN Subnet `spec.excludeIps`: `a..b`, or `a` for one address. */
export function formatDots(range: AddressRange): string {
  const first = formatAddress(range.family, range.first)
  return range.first === range.last ? first : `${first}..${formatAddress(range.family, range.last)}`
}

/**
 * The range as an entry of IPAddressPool `spec.addresses`: a CIDR where it is exactly one (one address as `/32`
 * or `/128`, because MetalLB refuses bare addresses), else `a-b`.
 */
export function formatEntry(range: AddressRange): string {
  const prefix = prefixOf(range)
  return prefix === undefined ? formatDash(range) : `${formatAddress(range.family, range.first)}/${prefix}`
}
