import type { Environment } from '@marcbachmann/cel-js'
import { CelFailure } from './meter.ts'
import {
  CidrValue,
  holds,
  IpValue,
  isGlobalUnicast,
  isInAny,
  isLinkLocalMulticast,
  isOverlapping,
  RangeValue,
  readCidr,
  readIp,
  readRange,
  sizeOf,
  type NetworkValue
} from './network-value.ts'

/** Stands for the name `ip` in `ip.isCanonical(...)`, which is a function of that name as well. */
class IpFunctions {
  readonly name = 'ip'
}

const SYNC = { async: false }

/**
 * Kubernetes' `ip()`, `cidr()`, `isIP()`, `isCIDR()`, `ip.isCanonical()` and their methods (k8s.io/apiserver,
 * pkg/cel/library), and poolguard's `range()`. All of them read addresses with the one parser, in constant time: it refuses texts of
 * more than 128 characters.
 */
export function addNetworkFunctions(environment: Environment): void {
  environment
    .registerType('net.IP', IpValue)
    .registerType('net.CIDR', CidrValue)
    .registerType('poolguard.Range', RangeValue)
    .registerType('IpFunctions', IpFunctions)
    .registerConstant('ip', 'IpFunctions', new IpFunctions())
  const add = (signature: string, handler: (...values: never[]) => unknown) =>
    environment.registerFunction(signature, handler, SYNC)
  addReaders(add)
  addAddressMethods(add)
  addComparisons(add)
  for (const type of ['net.IP', 'net.CIDR', 'poolguard.Range']) {
    environment.registerOperator(`${type} == ${type}`, (a: NetworkValue, b: NetworkValue) => a.equals(b))
    add(`string(${type}): string`, (value: NetworkValue) => value.toString())
  }
}

type Add = (signature: string, handler: (...values: never[]) => unknown) => void

function addReaders(add: Add): void {
  add('ip(string): net.IP', ipOf)
  add('cidr(string): net.CIDR', cidrOf)
  add('range(string): poolguard.Range', readRange)
  add('isIP(string): bool', (text: string) => readIp(text) !== undefined)
  add('isCIDR(string): bool', (text: string) => readCidr(text) !== undefined)
  add(
    'IpFunctions.isCanonical(string): bool',
    (_: IpFunctions, text: string) => ipOf(text).toString() === text
  )
}

function ipOf(text: string): IpValue {
  const ip = readIp(text)
  if (ip === undefined) throw new CelFailure('ip() of a text that is no IP address')
  return ip
}

function cidrOf(text: string): CidrValue {
  const cidr = readCidr(text)
  if (cidr === undefined) throw new CelFailure('cidr() of a text that is no CIDR')
  return cidr
}

function addAddressMethods(add: Add): void {
  add('net.IP.family(): int', ({ family }: IpValue) => BigInt(family))
  add('net.IP.isUnspecified(): bool', ({ address }: IpValue) => address === 0n)
  add('net.IP.isLoopback(): bool', (ip: IpValue) => isInAny(ip, 'loopback'))
  add('net.IP.isLinkLocalMulticast(): bool', isLinkLocalMulticast)
  add('net.IP.isLinkLocalUnicast(): bool', (ip: IpValue) => isInAny(ip, 'linkLocalUnicast'))
  add('net.IP.isGlobalUnicast(): bool', isGlobalUnicast)
  add('net.CIDR.ip(): net.IP', ({ ip }: CidrValue) => ip)
  add('net.CIDR.masked(): net.CIDR', (cidr: CidrValue) => cidr.masked())
  add('net.CIDR.prefixLength(): int', ({ prefixLength }: CidrValue) => BigInt(prefixLength))
  add('poolguard.Range.family(): int', ({ range }: RangeValue) => BigInt(range.family))
  add('poolguard.Range.first(): net.IP', ({ first }: RangeValue) => first)
  add('poolguard.Range.last(): net.IP', ({ last }: RangeValue) => last)
  add('poolguard.Range.size(): int', sizeOf)
  add('size(poolguard.Range): int', sizeOf)
}

function addComparisons(add: Add): void {
  add('net.CIDR.containsIP(net.IP): bool', holds)
  add('net.CIDR.containsIP(string): bool', (cidr: CidrValue, text: string) => holds(cidr, ipOf(text)))
  add('net.CIDR.containsCIDR(net.CIDR): bool', holds)
  add('net.CIDR.containsCIDR(string): bool', (cidr: CidrValue, text: string) => holds(cidr, cidrOf(text)))
  add('poolguard.Range.containsIP(net.IP): bool', holds)
  add('poolguard.Range.containsIP(string): bool', (range: RangeValue, text: string) =>
    holds(range, ipOf(text))
  )
  for (const type of ['poolguard.Range', 'net.CIDR']) {
    add(`poolguard.Range.containsRange(${type}): bool`, holds)
    add(`poolguard.Range.overlaps(${type}): bool`, isOverlapping)
  }
  add('poolguard.Range.containsRange(string): bool', (range: RangeValue, text: string) =>
    holds(range, readRange(text))
  )
  add('poolguard.Range.overlaps(string): bool', (range: RangeValue, text: string) =>
    isOverlapping(range, readRange(text))
  )
}
