import { ADDRESS_FORMS, parseRange } from '../address/parse.ts'
import { contains } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'
import { effectiveSubnet, isKubeOvn, subnetRef } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** What Kube-OVN has allocated is not changed under it. */
export const eipChange = defineRule<'OvnEip'>({
  id: 'eip-change',
  summary:
    'The Subnet of an OvnEip never changes, nor its addresses and its type once Kube-OVN has allocated them.',
  why: 'Kube-OVN looks at the new values when it releases an address and when it asks whether NAT rules use it: an address is then given back into another Subnet, or while it is in use, and somebody else gets it.',
  fix: 'Create another OvnEip with the new values, move the NAT rules to it, and delete the old one.',
  example: 'spec: {v4Ip: 203.0.113.51} # while status.v4Ip is 203.0.113.50',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (enqueueUpdateOvnEip, handleUpdateOvnEip)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/webhook/ovn_nat_gateway.go (ValidateUpdateOvnEip; not registered)'
  ],
  on: ['OvnEip'],
  reads: ['Subnet'],
  defaultAction: 'deny',
  check({ as, object, oldObject }, { view, plan, requester }) {
    if (as === 'stored' || oldObject === undefined || isKubeOvn(requester)) return []
    return [
      ...subnetFindings(object, oldObject, { view, plan }),
      ...(isAllocated(oldObject) ? valueFindings(object, oldObject) : [])
    ]
  }
})

/** Kube-OVN fills in the MAC address with the others, and the status after that. */
function isAllocated({ macAddress, statusV4Ip, statusV6Ip, statusMacAddress, statusReady }: OvnEip): boolean {
  return statusReady || [macAddress, statusV4Ip, statusV6Ip, statusMacAddress].some(text => text !== '')
}

/**
 * At any time, since Kube-OVN may be allocating an address of the old Subnet just now, unless that does not exist. One that is
 * taken away is `eip-syntax`'s to speak of.
 */
function subnetFindings(
  object: OvnEip,
  oldObject: OvnEip,
  { view, plan }: { readonly view: View; readonly plan: Plan }
): Finding[] {
  const will = object.externalSubnet
  const was = effectiveSubnet(oldObject, plan) ?? ''
  if (will === '' || was === will) return []
  if (oldObject.externalSubnet === '' && isWhereItIs(object, oldObject, view)) return []
  const isAbsent = view.known('Subnet') && view.get('Subnet', '', was) === undefined
  if (isAbsent && !isAllocated(oldObject)) return []
  const restsOn = [subnetRef(will), ...(was === '' ? [] : [subnetRef(was)])]
  return [{ code: 'changed-eip', field: 'spec.externalSubnet', value: will, was, restsOn }]
}

/** Whether the Subnet that is named now, where none was, has all addresses of the OvnEip, as the default one does. */
function isWhereItIs({ externalSubnet }: OvnEip, oldObject: OvnEip, view: View): boolean {
  const subnet = view.get('Subnet', '', externalSubnet)
  const prefixes = subnet === undefined ? [] : subnetPrefixes(subnet)
  const { v4Ip, v6Ip, statusV4Ip, statusV6Ip } = oldObject
  return [v4Ip, v6Ip, statusV4Ip, statusV6Ip]
    .filter(text => text !== '')
    .every(text => {
      const parsed = parseRange(text, ADDRESS_FORMS)
      return parsed.ok && prefixes.some(prefix => contains(prefix, parsed.range))
    })
}

/** A value that is what the status says already is no change: it repairs one. Kube-OVN makes nat of an empty type. */
function valueFindings(object: OvnEip, oldObject: OvnEip): Finding[] {
  const { statusV4Ip, statusV6Ip, statusMacAddress, statusType } = oldObject
  const isNoted = [statusV4Ip, statusV6Ip, statusMacAddress].some(text => text !== '')
  const values = [
    ['spec.v4Ip', object.v4Ip, oldObject.v4Ip, statusV4Ip],
    ['spec.v6Ip', object.v6Ip, oldObject.v6Ip, statusV6Ip],
    ['spec.macAddress', object.macAddress, oldObject.macAddress, statusMacAddress],
    ['spec.type', object.type || 'nat', oldObject.type || 'nat', statusType || 'nat']
  ] as const
  return values.flatMap(([field, value, was, noted]): Finding[] => {
    const isChange = value !== was && !(isNoted && value === noted)
    return isChange ? [{ code: 'changed-eip', field, value, was, restsOn: [] }] : []
  })
}
