import { formatDash } from '../address/format.ts'
import { RangeIndex } from '../address/range-index.ts'
import { contains, intersect, overlap, subtract, type AddressRange } from '../address/range.ts'
import { subnetDomain } from '../kinds/claim.ts'
import { refOf, type Kinds } from '../kinds/index.ts'
import { excludedEntries, subnetGateways, subnetPrefixes, usablePart, type Subnet } from '../kinds/subnet.ts'
import { isBefore } from '../policy/kube-ovn-version.ts'
import type { Plan } from '../policy/plan.ts'
import type { Tenancy } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'
import { ADDRESS_TAKERS, addressSpace, spaceRestsOn, staticAddresses } from './static-addresses.ts'
import type { AddressTaker, StaticAddress } from './static-addresses.ts'

/** Nobody asks for an address that the provider Subnet keeps back. */
export const eipReservedAddress = defineRule<AddressTaker | 'IPPool'>({
  id: 'eip-reserved-address',
  summary:
    'An address that is asked for of a provider Subnet is neither its gateway nor its network or broadcast address, nor one of excludeIps unless the platform asks.',
  why: "excludeIps is where a platform keeps what others use: routers, hosts, MetalLB's range. Kube-OVN gives such an address to whoever names it, with 1.15.2 even the gateway's, and before 1.15.24 and 1.16.3 to anybody once it was released.",
  fix: 'Choose an address that the Subnet does not exclude, or leave it empty.',
  example: 'spec: {externalSubnet: external, v4Ip: 203.0.113.1} # the gateway',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/2653',
    'https://github.com/kubeovn/kube-ovn/pull/7275',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (GetStaticAddress, releaseAddr, AddOrUpdateIPPool)'
  ],
  on: [...ADDRESS_TAKERS, 'IPPool'],
  advisesOn: ['IPPool'],
  reads: ['Subnet', 'Vpc'],
  defaultAction: 'deny',
  check({ as, object }, context) {
    if (isKubeOvn(context.requester)) return []
    // Every write of an IPPool sets the addresses free, so that a stored one excuses nothing.
    if (object.kind === 'IPPool') return as === 'stored' ? [] : ipPoolFindings(object, context)
    const { view, plan } = context
    const { subnet: name = '', addresses } = staticAddresses(object, plan, view)
    const subnet = addresses.length === 0 ? undefined : view.get('Subnet', '', name)
    if (subnet === undefined || addressSpace(name, plan, view).length === 0) return []
    return addresses.flatMap(findingsOn(subnet, context))
  }
})

/** Tells what is wrong with an address of the Subnet. O(log n) each after O(n * log n) of its excludeIps. */
function findingsOn(
  subnet: Subnet,
  { view, plan, tenancy }: CheckContext
): (address: StaticAddress) => Finding[] {
  const ref = refOf(subnet)
  const restsOn = spaceRestsOn(plan, view)(subnetDomain(ref.name))
  const prefixes = subnetPrefixes(subnet)
  const gateways = subnetGateways(subnet)
  const excluded = new RangeIndex<undefined>()
  for (const entry of excludedEntries(subnet)) excluded.insert(entry.range, undefined)
  return ({ field, text, range }) => {
    const prefix = prefixes.find(candidate => contains(candidate, range))
    if (prefix === undefined) return []
    const at = { field, value: text, restsOn, subnet: ref }
    const by = keptBack(range, prefix, gateways)
    if (by !== undefined) return [{ ...at, code: 'reserved-address', by }]
    return excluded.overlapping(range).next().done === true ? [] : excludedFinding(at, plan, tenancy)
  }
}

/** What the Subnet itself needs the address for; undefined when it does not. */
function keptBack(
  range: AddressRange,
  prefix: AddressRange,
  gateways: readonly AddressRange[]
): Extract<Finding, { code: 'reserved-address' }>['by'] | undefined {
  if (gateways.some(gateway => overlap(gateway, range) !== undefined)) return 'gateway'
  if (contains(usablePart(prefix), range)) return undefined
  if (range.first === prefix.first) return 'network'
  return prefix.family === 4 ? 'broadcast' : 'last'
}

type ExcludedAt = Omit<Extract<Finding, { code: 'excluded-address' }>, 'code' | 'isReused'>

/** The platform knows what it excluded an address for; what its Kube-OVN makes of it afterwards it is told. */
function excludedFinding(at: ExcludedAt, plan: Plan, tenancy: Tenancy): Finding[] {
  const isReused = reusesExcluded(plan)
  if (tenancy.kind !== 'platform') return [{ ...at, code: 'excluded-address', isReused }]
  return isReused ? [{ ...at, code: 'excluded-address', isReused, atMost: 'warn' }] : []
}

/** Fixed by kube-ovn#7275, on the branches of both releases that were supported then. */
function reusesExcluded({ kubeOvn: { version } }: Plan): boolean {
  return isBefore(version, 15, 24) || (isBefore(version, 16, 3) && !isBefore(version, 16))
}

function ipPoolFindings({ subnet: name }: Kinds['IPPool'], { view, plan }: CheckContext): Finding[] {
  const subnet = view.get('Subnet', '', name)
  const isProvider = subnet !== undefined && addressSpace(name, plan, view).length > 0
  if (!isProvider || !reusesExcluded(plan)) return []
  const excluded = subtract(
    excludedEntries(subnet).map(({ range }) => range),
    subnetGateways(subnet)
  )
  const [first] = intersect(subnetPrefixes(subnet), excluded)
  if (first === undefined) return []
  const ref = refOf(subnet)
  const at = { field: 'spec.subnet', value: name, restsOn: [ref], subnet: ref }
  return [{ ...at, code: 'excluded-reused', excluded: formatDash(first) }]
}
