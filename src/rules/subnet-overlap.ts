import { refOf } from '../kinds/index.ts'
import { allocatableRanges, podPrefixes, type Subnet } from '../kinds/subnet.ts'
import type { Vpc } from '../kinds/vpc.ts'
import { attachedSubnets, defaultSubnet, providerSubnets, withVlan } from '../policy/domains.ts'
import type { Finding } from './finding.ts'
import type { Use } from './findings/at.ts'
import { vpcField } from './gateway-ports.ts'
import { occupiedBy, type Occupied } from './occupied.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { attaching } from './reserved-ranges.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** What Kube-OVN gives out to the outside, nobody else has. */
export const subnetOverlap = defineRule<'Subnet' | 'Vpc'>({
  id: 'subnet-overlap',
  summary:
    'The allocatable part of a provider Subnet shares no address with a pool, a Node, a range of Services or pods, a reserved range, or another provider Subnet; nor does a Vpc make a provider Subnet of one that does.',
  why: 'Kube-OVN compares the Subnets of one vpc and vlan with one another and nothing else: an address goes to an OvnEip and to somebody else too, and the two answer for it in turn.',
  fix: "Put what others have into the Subnet's spec.excludeIps, or choose another cidrBlock.",
  example:
    'spec: {cidrBlock: 192.168.1.0/24, vlan: vlan0} # of Subnet external, over pool 192.168.1.100-192.168.1.200',
  see: [
    'https://kubeovn.github.io/docs/stable/en/advance/with-metallb/',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/util/validator.go (ValidateCidrConflict)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/dist/images/install.sh (POD_CIDR, SVC_CIDR, JOIN_CIDR)'
  ],
  on: ['Subnet', 'Vpc'],
  reads: ['IPAddressPool', 'Node', 'ServiceCIDR', 'Subnet', 'Vpc', 'OvnEip'],
  defaultAction: 'deny',
  check({ object }, context) {
    if (isKubeOvn(context.requester)) return []
    if (object.kind === 'Vpc') return attachedShares(object, context)
    return object.vlan === '' ? overlayShares(object, context) : providerShares(object, context)
  }
})

/**
 * An overlay Subnet of the default Vpc is compared with provider Subnets only: with pools by pool-cluster-range, with the
 * cluster's other ranges by Kube-OVN itself.
 */
function overlayShares(subnet: Subnet, context: CheckContext): Finding[] {
  const prefixes = podPrefixes(subnet)
  if (prefixes.length === 0) return []
  const occupied = occupiedBy({ uses: ['provider', 'external'], except: refOf(subnet) }, context)
  return prefixes.flatMap(occupied).map(shared => ({ ...shared, ...aboutSubnet(subnet), as: 'overlay' }))
}

/** A Subnet with a vlan that is neither the plan's nor attached to a Vpc has that vlan's address space to itself. */
function providerShares(subnet: Subnet, context: CheckContext): Finding[] {
  const { plan, view } = context
  const { name } = subnet.meta
  const providers = providerSubnets(plan, view)
  if (!providers.has(name)) return []
  const attached = attaching(name, plan, view)
  return givenElsewhere(subnet, providers, context).map(shared => ({
    ...shared,
    ...aboutSubnet(subnet),
    as: 'provider',
    restsOn: [...shared.restsOn, ...attached]
  }))
}

function aboutSubnet(subnet: Subnet) {
  const at = { field: 'spec.cidrBlock', value: subnet.cidrBlock }
  return { ...at, code: 'subnet-shares', subnet: refOf(subnet) } as const
}

/** What the Vpc makes provider Subnets, which neither the plan nor another Vpc does. */
function attachedShares(vpc: Vpc, context: CheckContext): Finding[] {
  const { plan, view } = context
  const others = [...view.list('Vpc')].filter(({ meta }) => meta.name !== vpc.meta.name)
  const known = providerSubnets(plan, view, others)
  const added = [...new Set(attachedSubnets(vpc, plan))].filter(name => !known.has(name))
  const subnets = added.flatMap(name => view.get('Subnet', '', name) ?? []).filter(({ vlan }) => vlan !== '')
  if (subnets.length === 0) return []
  const providers = providerSubnets(plan, view, [...others, vpc])
  return subnets.flatMap(subnet => {
    const at = vpcField(vpc, subnet.meta.name)
    return givenElsewhere(subnet, providers, context).map(shared => ({
      ...shared,
      ...at,
      code: 'subnet-shares',
      subnet: refOf(subnet),
      as: 'attached',
      restsOn: [refOf(subnet), ...shared.restsOn]
    }))
  })
}

/** Who may have none of what a provider Subnet gives out. */
const OTHERS: readonly Use[] = ['reserved', 'pool', 'node', 'services', 'pods', 'provider', 'external']

/** What others have of the allocatable part of a Subnet. OvnEips that name no Subnet are the default one's. */
function givenElsewhere(
  subnet: Subnet,
  providers: ReadonlySet<string>,
  context: CheckContext
): readonly Occupied[] {
  const { name } = subnet.meta
  const nameless = name === defaultSubnet(context.plan) ? [] : ['']
  const others = withVlan(providers, context.view).filter(other => other !== name)
  const subnets = [...nameless, ...others]
  return allocatableRanges(subnet).flatMap(
    occupiedBy({ uses: OTHERS, except: refOf(subnet), subnets }, context)
  )
}
