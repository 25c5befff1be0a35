import { subnetDomain, type Claim } from '../kinds/claim.ts'
import { refOf } from '../kinds/index.ts'
import { allocatableRanges, podPrefixes, type Subnet } from '../kinds/subnet.ts'
import type { Vpc } from '../kinds/vpc.ts'
import { attachedSubnets, defaultSubnet, providerSubnets, withVlan } from '../policy/domains.ts'
import type { Finding, Said } from './finding.ts'
import type { Use } from './findings/at.ts'
import { vpcFields } from './gateway-ports.ts'
import { heldBy, occupiedBy, type Occupied } from './occupied.ts'
import { doubtAbsent, isKubeOvn } from './provider-subnets.ts'
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
  check({ object, oldObject }, context) {
    if (isKubeOvn(context.requester)) return []
    if (object.kind === 'Vpc') {
      return attachedShares(object, oldObject?.kind === 'Vpc' ? oldObject : undefined, context)
    }
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
  const occupied = occupiedBy({ uses: ['provider', 'external'] }, context)
  const isOwn = heldBy(refOf(subnet))
  return prefixes
    .flatMap(prefix => [...occupied(prefix, isOwn)])
    .map(shared => ({ ...shared, ...aboutSubnet(subnet), as: 'overlay' }))
}

/**
 * A Subnet with a vlan that is neither the plan's nor attached to a Vpc is of that vlan's own address space, and shares it with
 * the other Subnets of the vlan alone.
 */
function providerShares(subnet: Subnet, context: CheckContext): Finding[] {
  const { plan, view } = context
  const { name } = subnet.meta
  const alike = [...view.list('Subnet')].filter(({ vlan }) => vlan === subnet.vlan)
  const sameVlan = alike.map(({ meta }) => meta.name)
  const providers = providerSubnets(plan, view)
  if (!providers.has(name)) return vlanShares(subnet, sameVlan, context)
  const attached = attaching(plan, view)(name)
  const others = new Set([...providers, ...sameVlan])
  return [...givenElsewhere(others, context)(subnet)].map(shared => ({
    ...shared,
    ...aboutSubnet(subnet),
    as: 'provider',
    restsOn: [...shared.restsOn, ...attached]
  }))
}

/** Kube-OVN compares the Subnets of one vlan too, but only of one Vpc, which a new one does not name yet. */
function vlanShares(subnet: Subnet, subnets: readonly string[], context: CheckContext): Finding[] {
  const occupied = occupiedBy({ uses: ['provider', 'external'], subnets }, context)
  const isOwn = ownClaims(subnet, context)
  return allocatableRanges(subnet)
    .flatMap(range => [...occupied(range, isOwn)])
    .map(shared => ({ ...shared, ...aboutSubnet(subnet), as: 'provider' }))
}

function aboutSubnet(subnet: Subnet) {
  const at = { field: 'spec.cidrBlock', value: subnet.cidrBlock }
  return { ...at, code: 'subnet-shares', subnet: refOf(subnet) } as const
}

/** As many as an answer tells: n Subnets on the same addresses would be found n * n times. */
const MOST_SHARES = 16

/**
 * What the Vpc makes provider Subnets, which neither the plan nor another Vpc does, nor the stored one did: the first 16
 * shares. O(Subnets and claims of all domains * log) with many Subnets.
 */
function attachedShares(vpc: Vpc, oldVpc: Vpc | undefined, context: CheckContext): readonly Said[] {
  const { plan, view } = context
  const others = [...view.list('Vpc')].filter(({ meta }) => meta.name !== vpc.meta.name)
  const known = providerSubnets(plan, view, oldVpc === undefined ? others : [...others, oldVpc])
  const added = [...new Set(attachedSubnets(vpc, plan))].filter(name => !known.has(name))
  const subnets = added.flatMap(name => view.get('Subnet', '', name) ?? []).filter(({ vlan }) => vlan !== '')
  const doubts = doubtAbsent(added, view)
  if (subnets.length === 0) return doubts
  const occupied = givenElsewhere(providerSubnets(plan, view, [...others, vpc]), context)
  const fieldOf = vpcFields(vpc)
  const said: Said[] = [...doubts]
  for (const subnet of subnets) {
    const about = { ...fieldOf(subnet.meta.name), code: 'subnet-shares', subnet: refOf(subnet) } as const
    for (const shared of occupied(subnet)) {
      const restsOn = [refOf(subnet), ...shared.restsOn]
      said.push({ ...shared, ...about, as: 'attached', restsOn })
      if (said.length - doubts.length === MOST_SHARES) return said
    }
  }
  return said
}

/** Who may have none of what a provider Subnet gives out. */
const OTHERS: readonly Use[] = ['reserved', 'pool', 'node', 'services', 'pods', 'provider', 'external']

/** Tells what others have of the allocatable part of a Subnet. OvnEips that name no Subnet are the default one's. */
function givenElsewhere(
  providers: ReadonlySet<string>,
  context: CheckContext
): (subnet: Subnet) => Iterable<Occupied> {
  const occupied = occupiedBy({ uses: OTHERS, subnets: ['', ...withVlan(providers, context.view)] }, context)
  return function* (subnet) {
    const isOwn = ownClaims(subnet, context)
    for (const range of allocatableRanges(subnet)) yield* occupied(range, isOwn)
  }
}

/** What the Subnet holds, and who has addresses of it. */
function ownClaims(subnet: Subnet, { plan }: CheckContext): (claim: Claim) => boolean {
  const { name } = subnet.meta
  const own = new Set([subnetDomain(name), ...(name === defaultSubnet(plan) ? [subnetDomain('')] : [])])
  const isHeld = heldBy(refOf(subnet))
  return claim => own.has(claim.domain) || isHeld(claim)
}
