import { subtract } from '../address/range.ts'
import { refOf } from '../kinds/index.ts'
import { subnetPrefixes, type Subnet } from '../kinds/subnet.ts'
import { providerSubnets } from '../policy/domains.ts'
import type { Plan, PlanRange } from '../policy/plan.ts'
import type { Finding } from './finding.ts'
import type { At } from './findings/at.ts'
import { portChange, portRef, vpcFields } from './gateway-ports.ts'
import { isKubeOvn, subnetRef } from './provider-subnets.ts'
import { attaching } from './reserved-ranges.ts'
import { defineRule } from './rule.ts'

/**
 * With directRouting the edge router knows the way to every provider Subnet. Ranges of VLANs are not asked about: the
 * router is in those networks itself, and providerCIDRs are what it sends to OVN's gateway nodes.
 */
export const subnetUnrouted = defineRule<'Subnet' | 'Vpc'>({
  id: 'subnet-unrouted',
  summary:
    'Every provider Subnet lies in the providerCIDRs that the edge router routes (edgeRouter.mode directRouting).',
  why: 'The edge router sends nothing to addresses that it has no route for: an OvnEip of such a Subnet gets its address and is never reached from outside the data center.',
  fix: 'Have a static route to the gateway nodes added, and its CIDR to edgeRouter.providerCIDRs; or choose a cidrBlock inside one that is routed.',
  example: 'spec: {cidrBlock: 10.5.204.0/24, vlan: vlan204} # while providerCIDRs is [203.0.113.0/24]',
  see: [
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/',
    'https://kubeovn.github.io/docs/stable/en/start/underlay/'
  ],
  on: ['Subnet', 'Vpc'],
  reads: ['Vpc', 'Subnet', 'OvnEip'],
  defaultAction: 'warn',
  check({ object, oldObject }, { view, plan, requester }) {
    const routed = routedCIDRs(plan)
    if (routed === undefined || isKubeOvn(requester)) return []
    if (object.kind === 'Subnet') {
      const { name } = object.meta
      if (!providerSubnets(plan, view).has(name)) return []
      const restsOn = attaching(plan, view)(name)
      return unrouted(object, routed, { field: 'spec.cidrBlock', value: object.cidrBlock, restsOn })
    }
    const { added } = portChange(object, oldObject?.kind === 'Vpc' ? oldObject : undefined, plan, view)
    const fieldOf = vpcFields(object)
    return added.flatMap(name => {
      const restsOn = [subnetRef(name), portRef(object.meta.name, name)]
      const subnet = view.get('Subnet', '', name)
      return subnet === undefined ? [] : unrouted(subnet, routed, { ...fieldOf(name), restsOn })
    })
  }
})

/** undefined: whatever is routed, or nothing is: an edge NAT router answers for each address by itself. */
function routedCIDRs({ edgeRouter }: Plan): readonly PlanRange[] | undefined {
  return edgeRouter?.mode === 'directRouting' ? edgeRouter.providerCIDRs : undefined
}

function unrouted(subnet: Subnet, routed: readonly PlanRange[], at: At): Finding[] {
  if (subnet.vlan === '') return []
  const ranges = routed.map(({ range }) => range)
  return subtract(subnetPrefixes(subnet), ranges).map(range => ({
    ...at,
    code: 'unrouted',
    subnet: refOf(subnet),
    range
  }))
}
