import { intersect, overlap, subtract, type AddressRange } from '../address/range.ts'
import { alternativesFor } from './alternative.ts'
import { poolEntries } from './pool-entries.ts'
import { reservedRanges, type Reserved } from './reserved-ranges.ts'
import { defineRule } from './rule.ts'
import { vlanReserves } from './vlan-reserves.ts'

/** No pool hands out an address that somebody else, the subnet or the protocol needs. */
export const poolReservedRange = defineRule<'IPAddressPool'>({
  id: 'pool-reserved-range',
  summary:
    "A pool holds no reserved address: none of the plan's reservedRanges, nothing of a VLAN that the plan gives to another tenant, no network, broadcast or gateway address of a known subnet, nothing that is loopback, multicast, link-local or unspecified.",
  why: 'MetalLB accepts them all and hands them out: two hosts then answer for one address, a DHCP lease or the default gateway among them, or nobody can be reached at it.',
  fix: 'Leave the reserved addresses out: the denial names them and the largest part that is free.',
  example: 'spec: {addresses: [192.168.1.0/24]} # with the network, the gateway and the broadcast address',
  see: [
    'https://www.iana.org/assignments/iana-ipv4-special-registry/',
    'https://www.iana.org/assignments/iana-ipv6-special-registry/',
    'https://www.rfc-editor.org/rfc/rfc1122#section-3.2.1.3',
    'https://www.rfc-editor.org/rfc/rfc4291#section-2.6.1'
  ],
  on: ['IPAddressPool'],
  reads: ['Subnet', 'Vpc'],
  defaultAction: 'deny',
  check({ object }, context) {
    const alternative = alternativesFor(object, context)
    const reserved = [...reservedRanges(context.plan, context.view), ...vlanReserves(context.plan, object)]
    return poolEntries(object).flatMap(entry =>
      reservedParts(entry.range, reserved).map(({ range, reason, restsOn }) => ({
        code: 'reserved' as const,
        field: entry.field,
        value: entry.text,
        range,
        reason,
        restsOn,
        ...alternative(entry)
      }))
    )
  }
})

/** The reserved parts of a range, each address under the first reason that holds for it. */
function reservedParts(range: AddressRange, reserved: readonly Reserved[]): Reserved[] {
  let rest: readonly AddressRange[] = [range]
  return reserved
    .filter(candidate => overlap(candidate.range, range) !== undefined)
    .flatMap(candidate => {
      const parts = intersect(rest, [candidate.range])
      rest = subtract(rest, parts)
      return parts.map(part => ({ ...candidate, range: part }))
    })
}
