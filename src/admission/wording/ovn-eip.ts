import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { OvnEipFinding } from '../../rules/findings/ovn-eip.ts'
import type { Audience } from '../judge.ts'
import { formatDash, listed, shown, shownRef } from '../show.ts'

/** The predicates of findings about OvnEips and whatever else takes addresses of a Subnet. */
export function ovnEipWords(finding: OvnEipFinding, audience: Audience): string {
  const isPlatform = audience === 'platform'
  switch (finding.code) {
    case 'unnamed-subnet':
      return `is empty: Kube-OVN takes its default Subnet (${shown(finding.byDefault)}), forgets that when it restarts, and gives the address to somebody else. Name the Subnet.`
    case 'upper-case':
      return 'has upper-case letters, which Kube-OVN refuses. Write it in lower case.'
    case 'no-mac':
      return 'is no MAC address. Write six bytes such as 00:00:00:53:00:af, or leave it empty.'
    case 'ignored-v6':
      return finding.isAlone
        ? 'is ignored without spec.v4Ip: Kube-OVN chooses both addresses itself. Leave it empty, or give spec.v4Ip.'
        : 'is ignored: Kube-OVN chooses the IPv6 address itself and writes it here.'
    case 'reserved-address':
      return `is the ${RESERVED[finding.by]} of ${subnetWords(finding.subnet, audience)}, which no host may have. Choose another one, or leave it empty.`
    case 'excluded-address':
      return excludedWords(finding, audience)
    case 'excluded-reused': {
      const which = isPlatform ? ` such as ${finding.excluded}` : ''
      return `has excludeIps${which}: with this version of Kube-OVN, a write of an IPPool hands out those of them at random that were used and released before (kube-ovn#7275). Upgrade to 1.15.24, 1.16.3 or later.`
    }
    case 'address-in-use':
      return inUseWords(finding, audience)
    case 'in-ip-pool':
      return `is kept for Pods by ${isPlatform ? shownRef(finding.pool) : 'an IPPool'}: Kube-OVN gives it all the same, while no Pod has it.`
    case 'ipv6-subnet':
      return finding.isStuck
        ? 'has IPv6 addresses: this version of Kube-OVN cannot store one in an OvnEip, which then gets no status at all (kube-ovn#6643). Use a Subnet with IPv4 alone.'
        : 'is dual-stack: when its controller restarts, Kube-OVN forgets the IPv6 addresses of OvnEips, and can give one to somebody else. Use a Subnet with IPv4 alone.'
    case 'named-like-port':
      return isPlatform
        ? `is the name of ${shownRef(finding.port)} in the same Subnet, so that Kube-OVN would give it that one's address. Choose another name.`
        : "is the name of a Pod's port in the same Subnet. Choose another name."
    case 'named-like-pod':
      return finding.namespace === undefined
        ? "has a dot: were its last part a namespace, it would be the name of a Pod's port (POD.NAMESPACE), and Kube-OVN would give both one address. Choose a name without dots."
        : `is the name of a Pod's port in namespace ${shown(finding.namespace)} (POD.NAMESPACE): Kube-OVN would give both one address. Choose a name without dots.`
    case 'named-like-gateway-port':
      return isPlatform
        ? `is the name that Kube-OVN gives to the gateway port of ${shownRef(finding.vpc)} on ${shownRef(finding.subnet)}. Choose another name.`
        : 'is a name that Kube-OVN gives to gateway ports (VPC-SUBNET). Choose another name.'
    case 'named-like-holder':
      return isPlatform
        ? `is also the name of ${shownRef(finding.other)} in Subnet ${shown(finding.subnet)}: Kube-OVN would set the address of both free when one is deleted. Choose another name.`
        : 'is taken in this Subnet. Choose another name.'
    default:
      return useWords(finding, audience)
  }
}

const RESERVED = {
  gateway: 'gateway',
  network: 'network address',
  broadcast: 'broadcast address',
  last: 'last address'
} as const

/** Not all who ask for an address name its Subnet. */
function subnetWords(subnet: ObjectRef, audience: Audience): string {
  return audience === 'platform' ? shownRef(subnet) : 'its Subnet'
}

function excludedWords(
  { subnet, isReused, atMost }: Extract<OvnEipFinding, { code: 'excluded-address' }>,
  audience: Audience
): string {
  const again =
    'once it is released, this version of Kube-OVN hands it out at random (kube-ovn#7275, fixed in 1.15.24 and 1.16.3)'
  const excluded = `is one of the excludeIps of ${subnetWords(subnet, audience)}`
  if (atMost === 'warn') return `${excluded}: ${again}.`
  const why = isReused && audience === 'platform' ? `, and ${again}` : ''
  return `${excluded}, which only the platform may use${why}. Choose another one, or leave it empty.`
}

function inUseWords(
  { holder, holderField, nearest }: Extract<OvnEipFinding, { code: 'address-in-use' }>,
  audience: Audience
): string {
  if (audience === 'tenant') return 'is in use by others. Choose another one, or leave it empty.'
  const way = nearest === undefined ? '' : ` Nearest free address: ${formatDash(nearest)}.`
  const choice = ' Or leave it empty for Kube-OVN to choose.'
  const how = HOLDING.get(holder.kind) ?? 'is held by'
  return `${how} ${shownRef(holder)} (${holderField}).${way}${choice}`
}

/** What an address has to do with an object of the kind, where that does not hold it for itself. */
const HOLDING: ReadonlyMap<string, string> = new Map([
  ['NetworkPlan', 'is kept back by'],
  ['IPAddressPool', 'is in'],
  ['ServiceCIDR', 'is in']
])

/** Those of them that are about using and taking away. */
type UseFinding = Extract<
  OvnEipFinding,
  {
    code:
      | 'changed-eip'
      | 'used-by-nat'
      | 'gateway-port'
      | 'deletes-port'
      | 'status-write'
      | 'unknown-eip'
      | 'foreign-eip'
      | 'no-free-addresses'
      | 'exhausted-subnet'
      | 'unmapped-eip'
      | 'subnet-not-granted'
      | 'static-address-denied'
  }
>

function useWords(finding: UseFinding, audience: Audience): string {
  const isPlatform = audience === 'platform'
  switch (finding.code) {
    case 'changed-eip':
      return `replaces ${shown(finding.was) || 'an empty value'} of an OvnEip that Kube-OVN has allocated or may be allocating; it would release the wrong address later. Create another OvnEip instead.`
    case 'used-by-nat': {
      const rules = isPlatform ? listed(finding.rules.map(ref => shownRef(ref))) : 'NAT rules'
      return `is in use by ${rules}: its address would be given away under them. Delete those first.`
    }
    case 'gateway-port':
      return isPlatform
        ? `is the port of ${shownRef(finding.vpc)} on ${shownRef(finding.subnet)}, which Kube-OVN would delete with it. Detach the Vpc instead; Kube-OVN then deletes this.`
        : 'is the port of a router, which Kube-OVN would delete with it.'
    case 'deletes-port':
      return isPlatform
        ? `is the name of ${shownRef(finding.port)}, whose switch port Kube-OVN would delete with it.`
        : "is the name of a Pod's switch port, which Kube-OVN would delete with it."
    case 'status-write':
      return `replaces ${shown(finding.was) || 'an empty value'}, which only Kube-OVN's own controllers may: they take it for the truth when they restart.`
    case 'unknown-eip':
      return 'names no OvnEip that exists yet: nothing is translated until one does.'
    case 'foreign-eip': {
      const owner = finding.owner === '' ? 'of the platform' : `of tenant ${shown(finding.owner)}`
      return `is an OvnEip ${isPlatform ? owner : 'of somebody else'}. Name one of your own.`
    }
    case 'no-free-addresses': {
      const free = isPlatform ? `${finding.free}` : 'not as many'
      return `needs an address of ${shownRef(finding.subnet)} each, which has ${free} free IPv${finding.family} addresses. Lower the replicas, or use another Subnet.`
    }
    case 'unmapped-eip':
      return 'belongs to no tenant: no mapping of the plan (tenancy.ovnEipOwners) names the account that writes it, or the label that should name the tenant is not there. Nothing is granted to it.'
    case 'subnet-not-granted': {
      const granted = listed(finding.granted.map(text => shown(text)))
      return `is no provider Subnet that the tenant is granted. ${granted === '' ? 'It is granted none; ask the platform team.' : `Use ${granted}.`}`
    }
    case 'static-address-denied':
      return 'asks for a certain address, which a policy denies (ovnEips.staticAddresses). Leave it empty for Kube-OVN to choose.'
    case 'exhausted-subnet':
      return `has no free IPv${finding.family} address: it is stored and waits, without a status, until somebody gives one back.`
  }
}
