import type { KubeOvnFinding } from '../../rules/findings/kube-ovn.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, formatDots, listed, shown, shownRef } from '../show.ts'
import { occupantWords } from './occupant.ts'
import { problemWords } from './problem.ts'

/** The predicates of findings about OvnEips and Vpcs. */
export function kubeOvnWords(finding: KubeOvnFinding, audience: Audience): string {
  switch (finding.code) {
    case 'unknown-subnet':
      return `names no Subnet that exists yet: the OvnEip gets no address until Subnet ${shown(finding.subnet)} does.`
    case 'no-provider-subnet':
      return `is no provider subnet: Subnet ${shown(finding.subnet)} has no spec.vlan, so its addresses are not reachable from outside.`
    case 'unparsable-address':
      return `${problemWords(finding.problem)}. Give one address, or leave it empty for Kube-OVN to choose.`
    case 'wrong-family':
      return `is not an IPv${finding.expected} address. Give an IPv${finding.expected} one, or leave it empty for Kube-OVN to choose.`
    case 'outside-subnet': {
      // Whose Subnet it is, is not known here, so a tenant is told no more than it wrote.
      const range = audience === 'platform' ? ` (${shown(finding.cidrBlock)})` : ''
      return `is not an address that ${shownRef(finding.subnet)} can give${range}: Kube-OVN would store the OvnEip and never give it a status. Choose another one in the Subnet, neither its first nor its last, or leave it empty.`
    }
    case 'system-type':
      return `is for Kube-OVN's own ports: only ${listed(finding.allowed)} may write such an OvnEip. Use one of your own, of type nat.`
    case 'unknown-type':
      return `is no type that Kube-OVN knows. Use ${finding.allowed.join(' or ')}.`
    case 'no-such-node':
      return `is a switch port of a gateway node, so it must be named like one, and no Node has this name.`
    case 'subnet-not-validated':
      return `takes a provider subnet that is no global pool, while the plan's poolModel is global. Use ${listed(finding.globalSubnets.map(text => shown(text))) || 'a global provider subnet'}.`
    case 'foreign-subnet': {
      const owner = audience === 'platform' ? `tenant ${shown(finding.owner)}` : 'another tenant'
      return `is the provider subnet of ${owner}. Use ${listed(finding.granted.map(text => shown(text))) || 'one of your own'}.`
    }
    case 'outside-tenant-subnet':
      return `is not the tenant's own provider subnet. Use ${listed(finding.granted.map(text => shown(text)))}.`
    case 'subnet-shares':
      return subnetWords(finding, audience)
    case 'multi-dgp': {
      const names = finding.subnets.map(text => shown(text))
      const router = audience === 'platform' ? `the router of ${shownRef(finding.vpc)}` : 'a router'
      const ports = audience === 'platform' ? `gateway ports on ${listed(names)}` : 'a second gateway port'
      return `gives ${router} ${ports}. With several gateway ports OVN translates load balancer traffic for the first one only (kube-ovn#3329, ovn-org/ovn#222). Keep one provider subnet per Vpc, or set kubeOvn.multiDGP: assumeFixed in the plan once your build has the fix.`
    }
  }
}

function subnetWords(
  finding: Extract<KubeOvnFinding, { code: 'subnet-shares' }>,
  audience: Audience
): string {
  const subnet = shownRef(finding.subnet)
  const attaches = finding.as === 'attached' ? `attaches ${subnet}, which ` : ''
  if (audience === 'tenant') return `${attaches}shares addresses with a range in use by others.`
  const shared = `${attaches}shares ${counted(finding.range)} with ${occupantWords(finding)}: ${formatDash(finding.range)}.`
  if (finding.as === 'overlay') return `${shared} Choose another cidrBlock.`
  const where = finding.as === 'attached' ? `its spec.excludeIps first` : 'spec.excludeIps'
  return `${shared} Put ${formatDots(finding.range)} into ${where}, or choose another cidrBlock.`
}
