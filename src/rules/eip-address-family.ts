import { refOf } from '../kinds/index.ts'
import { subnetPrefixes } from '../kinds/subnet.ts'
import { isBefore } from '../policy/kube-ovn-version.ts'
import { effectiveSubnet, isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/**
 * No OvnEip takes an IPv6 address, as far as can be helped. A warning: which maintenance releases have which of the fixes is
 * not known here, and a Subnet that nobody can do without is not refused for it.
 */
export const eipAddressFamily = defineRule<'OvnEip'>({
  id: 'eip-address-family',
  summary: 'An OvnEip takes its address from a provider Subnet with IPv4 alone.',
  why: 'Before 1.17 Kube-OVN writes the IPv6 address into a label, which the API server refuses, so that the OvnEip never gets a status. Since then its allocator forgets the IPv6 addresses on dual-stack Subnets at each restart, and hands a live one out again.',
  fix: 'Use a provider Subnet with IPv4 alone. Set the action to deny where nobody is to wait in vain.',
  example: 'spec: {externalSubnet: external-dual} # cidrBlock: 203.0.113.0/24,2001:db8::/64',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/6643',
    'https://github.com/kubeovn/kube-ovn/pull/7077',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (createOrUpdateOvnEipCR)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/init.go (InitIPAM)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/ipam.go (checkAndAppendIpsForDual)'
  ],
  on: ['OvnEip'],
  reads: ['Subnet'],
  defaultAction: 'warn',
  check({ object }, { view, plan, requester }) {
    if (isKubeOvn(requester)) return []
    const name = effectiveSubnet(object, plan)
    const subnet = name === undefined ? undefined : view.get('Subnet', '', name)
    if (subnet === undefined) return []
    const families = new Set(subnetPrefixes(subnet).map(({ family }) => family))
    const isStuck = isBefore(plan.kubeOvn.version, LABELS_SINCE_MINOR)
    if (!families.has(6) || (!isStuck && families.size === 1)) return []
    const ref = refOf(subnet)
    const at = { field: 'spec.externalSubnet', value: ref.name, subnet: ref, restsOn: [ref] }
    return [{ ...at, code: 'ipv6-subnet', isStuck }]
  }
})

/** Kube-OVN writes IPv6 addresses into labels in a form of their own since 1.17 (pkg/util, IPv6ToLabelValue). */
const LABELS_SINCE_MINOR = 17
