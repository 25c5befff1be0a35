import type { Alternative } from '../../rules/findings/at.ts'
import type { PoolFinding } from '../../rules/findings/pool.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, formatDots, formatEntry, listed, shown, shownRef } from '../show.ts'
import { occupantWords } from './occupant.ts'
import type { PoolUseFinding } from './pool-use.ts'
import { problemWords } from './problem.ts'

type PoolRangeFinding = Exclude<PoolFinding, PoolUseFinding>

/** The predicates of findings about pools. */
export function poolWords(finding: PoolRangeFinding, audience: Audience): string {
  switch (finding.code) {
    case 'unparsable-range':
      return `${problemWords(finding.problem)}. Write a CIDR such as 192.168.1.100/32, or first-last.`
    case 'no-addresses':
      return 'holds no range: a pool needs at least one, such as 192.168.1.100-192.168.1.200.'
    case 'shares-with':
      return audience === 'tenant'
        ? TAKEN
        : `${sharesWords(finding)}${wayOut(finding)}${excludeWords(finding)}`
    case 'covers-pool':
      return audience === 'tenant'
        ? TAKEN
        : `${sharesWords(finding)} The nodes would keep them for themselves. Choose another range, or take them out of the pool first.`
    case 'repeats-itself':
      return `shares ${counted(finding.range)} with ${finding.otherField} of the same pool: ${formatDash(finding.range)}. Keep each address in one entry.`
    case 'outside-node-subnets':
      return outsideWords(finding, audience)
    case 'reserved':
      return audience === 'tenant'
        ? 'covers addresses that are reserved.'
        : `covers ${formatDash(finding.range)}, ${reasonWords(finding.reason)}.${wayOut(finding)}`
    case 'unallocated':
      return audience === 'tenant'
        ? 'has addresses that are not handed over for pools.'
        : `has ${counted(finding.range)} outside the plan's allocations (${listed(finding.allocations) || 'none'}): ${formatDash(finding.range)}.${wayOut(finding)} Ask the network team for another allocation if none of those will do.`
    case 'allocated-to-l2':
      return audience === 'tenant'
        ? 'has addresses that are not handed over for BGP.'
        : `has ${counted(finding.range)} that the plan hands over for L2, while BGP alone announces the pool: ${formatDash(finding.range)}.${wayOut(finding)}`
    case 'in-use':
      return inUseWords(finding, audience)
    case 'wrong-namespace':
      return `is not where MetalLB looks: it reads its objects in ${shown(finding.expected)} only. Create it there.`
    case 'dedicated-pool':
      return `dedicates the pool to tenant ${shown(finding.tenant)} while the plan's poolModel is global. ${finding.globalPool === '' ? 'Let tenants share one pool' : `Let tenants share ${shown(finding.globalPool)}`}, or set poolModel: perTenant in the plan.`
    case 'too-large':
      return `is larger than a /${finding.prefix}, more than any cluster has Services for. Is the prefix length right? Write the range that was handed over.`
  }
}

/** Not even how many: asking again and again would measure the others' ranges. */
const TAKEN = 'shares addresses with a range in use by others.'

type Shares = Extract<PoolFinding, { code: 'shares-with' | 'covers-pool' }>

function sharesWords(finding: Shares): string {
  return `shares ${counted(finding.range)} with ${occupantWords(finding)}: ${formatDash(finding.range)}.`
}

/** Kube-OVN can be told to leave addresses alone. */
function excludeWords({ use, other, range }: Shares): string {
  return use === 'provider'
    ? ` Or put ${formatDots(range)} into spec.excludeIps of ${shownRef(other)} first.`
    : ''
}

function inUseWords(finding: Extract<PoolFinding, { code: 'in-use' }>, audience: Audience): string {
  const [what, instead] = IN_USE[finding.because]
  if (audience === 'tenant') return `${what}.`
  const named = finding.services.map(({ ref, addresses }) => {
    const texts = addresses.map(text => shown(text))
    return `${shownRef(ref)} (${listed(texts, 2)})`
  })
  const more = finding.total > named.length ? [`${finding.total - named.length} more`] : []
  return `${what}: MetalLB would take them from ${listed([...named, ...more], named.length + 1)}. ${instead}, or first delete those Services or have them moved to another pool.`
}

/** What the write does to addresses, and what to do instead. */
const IN_USE: Readonly<
  Record<Extract<PoolFinding, { code: 'in-use' }>['because'], readonly [string, string]>
> = {
  deleted: ['is a pool with addresses in use', 'Keep the pool'],
  addresses: ['gives up addresses in use', 'Keep those addresses'],
  avoidBuggyIPs: ['withdraws addresses in use that end in .0 or .255', 'Leave it off'],
  serviceAllocation: ['shuts out Services with addresses in use', 'Admit them']
}

function outsideWords(
  finding: Extract<PoolFinding, { code: 'outside-node-subnets' }>,
  audience: Audience
): string {
  if (audience === 'tenant') return "has addresses outside the nodes' subnets, where nobody answers for them."
  const subnets = listed(finding.nodeSubnets) || 'none'
  const announced =
    finding.announcedBy === undefined
      ? 'nothing announces the pool by BGP alone, and by L2 it would reach nobody there'
      : `${shownRef(finding.announcedBy)} announces it by L2, which reaches nobody there`
  const wayByBgp = 'or announce it by BGP only and say so in the plan (allocations[].announcement: bgp).'
  return `has ${counted(finding.range)} outside the nodes' subnets (${subnets}): ${formatDash(finding.range)}; ${announced}.${wayOut(finding)} Use addresses of the nodes' subnets, ${wayByBgp}`
}

function reasonWords(reason: Extract<PoolFinding, { code: 'reserved' }>['reason']): string {
  switch (reason.by) {
    case 'plan': {
      const owner = reason.owner === '' ? '' : ` (owner: ${shown(reason.owner)})`
      return `reserved in the plan for ${shown(reason.purpose) || 'other use'} as ${shown(reason.text)}${owner}`
    }
    case 'vlan':
      return `which the plan gives to the VLAN of tenant ${shown(reason.tenant)} as ${shown(reason.text)}`
    case 'network':
    case 'broadcast':
    case 'gateway':
      return `the ${reason.by} address of ${shown(reason.subnet)}`
    case 'limited-broadcast':
      return 'the limited broadcast address, which no host may have'
    case 'unspecified':
      return 'in the range of the unspecified address, which no host may have'
    default:
      return `in the ${reason.by} range, which is never routed to a host`
  }
}

/** ` Nearest free ...`, with a leading blank; '' when there is none. For the platform only. */
function wayOut({ nearest, largestPart, largestFree }: Alternative): string {
  if (nearest !== undefined) return ` Nearest free range of the same size: ${formatEntry(nearest)}.`
  if (largestPart !== undefined)
    return ` Largest free part: ${formatEntry(largestPart)} (${counted(largestPart)}).`
  if (largestFree !== undefined)
    return ` Largest free range: ${formatEntry(largestFree)} (${counted(largestFree)}).`
  return ''
}
