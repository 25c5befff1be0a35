import type { SubnetLoss, UnmetPrecondition, VpcFinding } from '../../rules/findings/vpc.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, listed, shown, shownRef } from '../show.ts'

/**
 * The predicates of findings about routers, provider Subnets and VLAN mode. Those that are only ever warnings fit into the
 * 256 characters that the API server passes on.
 */
export function vpcWords(finding: VpcFinding, audience: Audience): string {
  switch (finding.code) {
    case 'vlan-mode':
      return vlanWords(finding, audience)
    case 'several-ports':
      return portsWords(finding, audience)
    case 'not-fixed':
      return audience === 'tenant'
        ? 'gives a router several gateway ports, which are not known to work here. Ask the platform team.'
        : `gives ${shownRef(finding.vpc)} several gateway ports as multiDGP is assumeFixed, but ${unmetWords(finding.unmet)}`
    case 'subnet-in-use':
      return inUseWords(finding, audience)
    case 'unrouted':
      return audience === 'tenant'
        ? 'brings addresses that nobody reaches from outside: the edge router has no route for them.'
        : `brings ${counted(finding.range)} of ${shownRef(finding.subnet)} that nobody reaches from outside, as edgeRouter.providerCIDRs lacks them: ${formatDash(finding.range)}. Have them routed, and named there.`
  }
}

function portsWords(
  { vpc, subnets, bfdPort }: Extract<VpcFinding, { code: 'several-ports' }>,
  audience: Audience
): string {
  const router = audience === 'platform' ? `the router of ${shownRef(vpc)}` : 'a router'
  const ports = audience === 'platform' ? listed(subnets.map(text => shown(text))) : 'provider subnets'
  return bfdPort
    ? `gives ${router} a gateway port beside ${ports}: if OVN takes it first, load balancer addresses answer nothing (kube-ovn#3329). Avoid bfdPort, or external Subnets.`
    : `gives ${router} gateway ports on ${ports}: only the first one's load balancer addresses answer (kube-ovn#3329). Keep one provider subnet per Vpc.`
}

function vlanWords(
  { tenant, exposure, pool }: Extract<VpcFinding, { code: 'vlan-mode' }>,
  audience: Audience
): string {
  const who = tenant === '' ? 'the plan' : audience === 'tenant' ? 'its tenant' : `tenant ${shown(tenant)}`
  const way =
    exposure === 'tenantMetalLB'
      ? "with MetalLB in the tenant's own cluster"
      : pool === undefined
        ? "from the tenant's VLAN: through the CCM proxy's pool, or with MetalLB in the tenant's own cluster"
        : `through the CCM proxy, from IPAddressPool ${shown(pool)}`
  return `is of OVN Gateway, which is not applicable: ${who} is in VLAN mode, where no provider network is shared. Expose Services ${way}.`
}

function unmetWords(unmet: UnmetPrecondition): string {
  switch (unmet.by) {
    case 'version':
      return `kubeOvn.version ${shown(unmet.version)} has the bug (kube-ovn#3329). Upgrade to 1.15, or set blocked.`
    case 'gateway-nodes': {
      const nodes = unmet.nodes === undefined ? 'an unknown number of Nodes are' : nodesWords(unmet.nodes)
      return `${nodes} labelled ovn.kubernetes.io/external-gw=true. Before Kube-OVN 1.17 that takes exactly one.`
    }
  }
}

function nodesWords(nodes: number): string {
  return nodes === 0 ? 'no Node is' : `${nodes} Nodes are`
}

const LOSSES: Readonly<Record<SubnetLoss, string>> = {
  outside: 'leaves out addresses in use',
  gateway: 'makes an address in use the gateway',
  excluded: 'excludes addresses in use, so that others may be given them',
  vlan: 'takes addresses in use to another network',
  deleted: 'still gives addresses in use'
}

const REPAIRS: Readonly<Record<SubnetLoss, string>> = {
  outside: 'Keep those addresses in cidrBlock',
  gateway: 'Choose another gateway',
  excluded: 'Leave them out of excludeIps',
  vlan: 'Keep the vlan',
  deleted: 'Keep the Subnet'
}

function inUseWords(
  { loss, users, count }: Extract<VpcFinding, { code: 'subnet-in-use' }>,
  audience: Audience
): string {
  if (audience === 'tenant') return `${LOSSES[loss]}. ${REPAIRS[loss]}.`
  const named = users.map(({ holder, range }) => `${shownRef(holder)} (${formatDash(range)})`)
  const more = count > users.length ? [`${count - users.length} more`] : []
  return `${LOSSES[loss]}: ${listed([...named, ...more], named.length + 1)}. ${REPAIRS[loss]}, or delete what uses them first.`
}
