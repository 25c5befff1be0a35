import { formatAddress, formatRange } from '../../address/format.ts'
import { parseAddress, parseRange, PLAN_FORMS } from '../../address/parse.ts'
import {
  contains,
  familySpan,
  overlap,
  rangeSize,
  type AddressRange,
  type Family
} from '../../address/range.ts'
import { CelFailure } from './meter.ts'

/** `ip()` of Kubernetes: one address. */
export class IpValue {
  readonly family: Family
  readonly address: bigint

  constructor(family: Family, address: bigint) {
    this.family = family
    this.address = address
  }

  /** The address as a range of one. */
  get range(): AddressRange {
    return { family: this.family, first: this.address, last: this.address }
  }

  equals(other: unknown): boolean {
    return other instanceof IpValue && other.family === this.family && other.address === this.address
  }

  toString(): string {
    return formatAddress(this.family, this.address)
  }
}

/** `cidr()` of Kubernetes: a prefix and the address it was written with, whose host bits it keeps. */
export class CidrValue {
  readonly ip: IpValue
  readonly prefixLength: number

  constructor(ip: IpValue, prefixLength: number) {
    this.ip = ip
    this.prefixLength = prefixLength
  }

  get range(): AddressRange {
    const hostBits = BigInt((this.ip.family === 4 ? 32 : 128) - this.prefixLength)
    const first = (this.ip.address >> hostBits) << hostBits
    return { family: this.ip.family, first, last: first + (1n << hostBits) - 1n }
  }

  equals(other: unknown): boolean {
    return other instanceof CidrValue && other.ip.equals(this.ip) && other.prefixLength === this.prefixLength
  }

  masked(): CidrValue {
    return new CidrValue(new IpValue(this.ip.family, this.range.first), this.prefixLength)
  }

  toString(): string {
    return `${this.ip.toString()}/${this.prefixLength}`
  }
}

/** `range()`: addresses one after the other, from a first to a last. */
export class RangeValue {
  readonly range: AddressRange

  constructor(range: AddressRange) {
    this.range = range
  }

  get first(): IpValue {
    return new IpValue(this.range.family, this.range.first)
  }

  get last(): IpValue {
    return new IpValue(this.range.family, this.range.last)
  }

  equals(other: unknown): boolean {
    const range = other instanceof RangeValue ? other.range : undefined
    return range !== undefined && contains(range, this.range) && contains(this.range, range)
  }

  toString(): string {
    return formatRange(this.range)
  }
}

/** What `containsIP`, `overlaps` and their like compare with. */
export type NetworkValue = IpValue | CidrValue | RangeValue

export function isNetworkValue(value: unknown): value is NetworkValue {
  return value instanceof IpValue || value instanceof CidrValue || value instanceof RangeValue
}

/** Whether every address of `inner` is in `outer`. */
export function holds(outer: NetworkValue, inner: NetworkValue): boolean {
  return contains(outer.range, inner.range)
}

export function isOverlapping(a: NetworkValue, b: NetworkValue): boolean {
  return overlap(a.range, b.range) !== undefined
}

/** The largest int of CEL. */
const MOST = (1n << 63n) - 1n

/** How many addresses; throws for more than an int holds, from a /65 of IPv6 on. */
export function sizeOf({ range }: NetworkValue): bigint {
  const size = rangeSize(range)
  if (size > MOST) throw new CelFailure('size() of a range is more than an int holds')
  return size
}

/** One address as Kubernetes reads it: IPv4-mapped IPv6 is none. undefined when it is no address. */
export function readIp(text: string): IpValue | undefined {
  const parsed = parseAddress(text)
  if (!parsed.ok || (parsed.family === 4 && text.includes(':'))) return undefined
  return new IpValue(parsed.family, parsed.value)
}

/** A CIDR as Kubernetes reads it: with a prefix length that has no leading zero, host bits allowed. undefined when it is none. */
export function readCidr(text: string): CidrValue | undefined {
  const slash = text.indexOf('/')
  const [host, length] = [text.slice(0, slash), text.slice(slash + 1)]
  const ip = slash < 0 ? undefined : readIp(host)
  if (ip === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined
  const most = ip.family === 4 ? 32 : 128
  return Number(length) > most ? undefined : new CidrValue(ip, Number(length))
}

/** A CIDR, `a-b` or one address, as the plan's ranges are written. Throws what is wrong with it. */
export function readRange(text: string): RangeValue {
  const parsed = parseRange(text, PLAN_FORMS)
  if (parsed.ok) return new RangeValue(parsed.range)
  throw new CelFailure(`range() of a text that is no range (${parsed.problem.problem})`)
}

/** RFC 6890, RFC 4291 and RFC 5771: of each family. */
const BLOCKS = {
  loopback: blocks('127.0.0.0/8', '::1/128'),
  multicast: blocks('224.0.0.0/4', 'ff00::/8'),
  linkLocalUnicast: blocks('169.254.0.0/16', 'fe80::/10'),
  linkLocalMulticast: blocks('224.0.0.0/24')
}

function blocks(...texts: readonly string[]): readonly RangeValue[] {
  return texts.map(readRange)
}

export function isInAny(ip: IpValue, kind: keyof typeof BLOCKS): boolean {
  return BLOCKS[kind].some(block => holds(block, ip))
}

/** Whether it is an address that reaches one host beyond its link: Go's netip.Addr.IsGlobalUnicast. */
export function isGlobalUnicast(ip: IpValue): boolean {
  const isBroadcast = ip.family === 4 && ip.address === familySpan(4).last
  const kinds = ['loopback', 'multicast', 'linkLocalUnicast'] as const
  return ip.address !== 0n && !isBroadcast && !kinds.some(kind => isInAny(ip, kind))
}

/** 224.0.0.0/24, and ff02::/16 whatever its flags are (Go's netip: the scope nibble alone counts). */
export function isLinkLocalMulticast(ip: IpValue): boolean {
  if (ip.family === 4) return isInAny(ip, 'linkLocalMulticast')
  return ip.address >> 120n === 0xffn && ((ip.address >> 112n) & 0xfn) === 2n
}
