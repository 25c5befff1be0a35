import { compareRanges, contains, subtract, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { subnetDomain } from '../kinds/claim.ts'
import { refKey } from '../kinds/object-ref.ts'
import { excludedEntries, subnetGateways, subnetPrefixes, usablePart } from '../kinds/subnet.ts'
import type { ExcludedEntry, Subnet } from '../kinds/subnet.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'
import type { AddressUser, SubnetLoss } from './findings/vpc.ts'
import { defaultSubnet } from '../policy/domains.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** A provider Subnet keeps, as they are, the addresses that are in use. */
export const subnetInUse = defineRule<'Subnet'>({
  id: 'subnet-in-use',
  summary:
    'A change of a provider Subnet leaves the addresses in use alone: they stay in cidrBlock, become neither the gateway nor excluded, and keep their vlan; a Subnet in use is not deleted.',
  why: 'Kube-OVN takes every such change and moves nobody: the OvnEips keep addresses that their Subnet no longer has, answer no more, collide with the new gateway, or lose their address at the next restart. A deleted Subnet stays half deleted and gives no address again.',
  fix: 'Delete the OvnEips named, or change only the part of the Subnet that nobody uses.',
  example: 'spec: {cidrBlock: 10.5.204.0/25} # while OvnEip svc-1 has 10.5.204.200',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/webhook/subnet.go (cidrBlock changes are not checked)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/subnet.go (handleSubnetFinalizer)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/init.go (IPAM is rebuilt from the OvnEips)'
  ],
  on: ['Subnet'],
  reads: ['OvnEip'],
  defaultAction: 'deny',
  checkLoss({ oldObject, object }, { view, plan, requester }) {
    if (isKubeOvn(requester) || oldObject.vlan === '') return []
    const lost = object === undefined ? deletion(oldObject) : changes(oldObject, object)
    return lost.flatMap(loss => lossFindings(loss, oldObject, { view, plan }))
  }
})

/** Addresses that a Subnet loses and how; `at` is where that is written, told the first one that is in use. */
interface Lost {
  readonly loss: SubnetLoss
  readonly ranges: readonly AddressRange[]
  readonly at: (first: AddressRange) => { readonly field: string; readonly value: string }
}

function deletion(subnet: Subnet): readonly Lost[] {
  const at = () => ({ field: 'metadata.name', value: subnet.meta.name })
  return [{ loss: 'deleted', ranges: subnetPrefixes(subnet), at }]
}

function changes(before: Subnet, after: Subnet): readonly Lost[] {
  const outside = subtract(usableParts(before), usableParts(after))
  const gateways = subtract(subnetGateways(after), subnetGateways(before))
  const excluded = excludedEntries(after)
  const excludedNow = subtract(excluded.map(rangeOf), excludedEntries(before).map(rangeOf))
  const elsewhere = after.vlan === before.vlan ? [] : subnetPrefixes(before)
  return [
    { loss: 'outside', ranges: outside, at: () => ({ field: 'spec.cidrBlock', value: after.cidrBlock }) },
    { loss: 'gateway', ranges: gateways, at: () => ({ field: 'spec.gateway', value: after.gateway }) },
    { loss: 'excluded', ranges: excludedNow, at: first => entryWith(first, excluded) },
    { loss: 'vlan', ranges: elsewhere, at: () => ({ field: 'spec.vlan', value: after.vlan }) }
  ]
}

function usableParts(subnet: Subnet): readonly AddressRange[] {
  return subnetPrefixes(subnet).map(usablePart)
}

function rangeOf({ range }: ExcludedEntry): AddressRange {
  return range
}

function entryWith(address: AddressRange, entries: readonly ExcludedEntry[]) {
  const entry = entries.find(({ range }) => contains(range, address))
  return { field: entry?.field ?? 'spec.excludeIps', value: entry?.text ?? '' }
}

interface Facts {
  readonly view: View
  readonly plan: Plan
}

/** Users that a finding names: an answer carries no more causes than this (design: at most 16). */
const MOST_USERS = 16

function lossFindings({ loss, ranges, at }: Lost, subnet: Subnet, facts: Facts): Finding[] {
  const all = usersOf(ranges, subnet, facts)
  const [first] = all
  if (first === undefined) return []
  const users = all.slice(0, MOST_USERS)
  const restsOn = users.map(({ holder }) => holder)
  return [{ ...at(first.range), code: 'subnet-in-use', loss, users, count: all.length, restsOn }]
}

/** Kinds whose objects live by an address of a provider Subnet. */
const USERS: readonly string[] = ['OvnEip']

/**
 * Who holds addresses of the Subnet in these ranges, ascending. An OvnEip that names no Subnet has its address of
 * Kube-OVN's default one. O(log n) a range and hit.
 */
function usersOf(ranges: readonly AddressRange[], subnet: Subnet, { view, plan }: Facts): AddressUser[] {
  const { name } = subnet.meta
  const domains = [name, ...(name === defaultSubnet(plan) ? [''] : [])].map(subnetDomain)
  const users = new Map<string, AddressUser>()
  for (const range of ranges) {
    for (const claim of view.overlapping(domains, range)) {
      if (!USERS.includes(claim.holder.kind)) continue
      users.set(`${refKey(claim.holder)} ${claim.range.family} ${claim.range.first}`, claim)
    }
  }
  return [...users.values()].toSorted((a, b) => compareRanges(a.range, b.range))
}
