import type { Alternative } from '../../rules/findings/at.ts'
import type { PoolFinding } from '../../rules/findings/pool.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, formatEntry, listed, shown, shownRef } from '../show.ts'
import { problemWords } from './problem.ts'

/** The predicates of findings about pools. */
export function poolWords(finding: PoolFinding, audience: Audience): string {
  switch (finding.code) {
    case 'unparsable-range':
      return `${problemWords(finding.problem)}. Write a CIDR such as 192.168.1.100/32, or first-last.`
    case 'no-addresses':
      return 'holds no range: a pool needs at least one, such as 192.168.1.100-192.168.1.200.'
    case 'shares-with':
      return sharesWords(finding, audience)
    case 'repeats-itself':
      return `shares ${counted(finding.range)} with ${finding.otherField} of the same pool: ${formatDash(finding.range)}. Keep each address in one entry.`
    case 'outside-node-subnets':
      return outsideWords(finding, audience)
    case 'reserved':
      return audience === 'tenant'
        ? 'covers addresses that are reserved.'
        : `covers ${formatDash(finding.range)}, ${reasonWords(finding.reason)}.${wayOut(finding)}`
    case 'wrong-namespace':
      return `is not where MetalLB looks: it reads pools in ${shown(finding.expected)} only. Create it there.`
    case 'dedicated-pool':
      return `dedicates the pool to tenant ${shown(finding.tenant)} while the plan's poolModel is global. ${finding.globalPool === '' ? 'Let tenants share one pool' : `Let tenants share ${shown(finding.globalPool)}`}, or set poolModel: perTenant in the plan.`
  }
}

function sharesWords(finding: Extract<PoolFinding, { code: 'shares-with' }>, audience: Audience): string {
  // Not even how many: asking again and again would measure the others' ranges.
  if (audience === 'tenant') return 'shares addresses with a range in use by others.'
  const shared = `shares ${counted(finding.range)} with ${shownRef(finding.other)}: ${formatDash(finding.range)}.`
  return shared + wayOut(finding)
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
