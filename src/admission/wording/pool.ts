import type { Alternative, Finding } from '../../rules/finding.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, formatEntry, listed, shown, shownRef } from '../show.ts'
import { problemWords } from './problem.ts'

type PoolFinding = Extract<
  Finding,
  {
    code:
      | 'unparsable-range'
      | 'no-addresses'
      | 'shares-with'
      | 'repeats-itself'
      | 'outside-node-subnets'
      | 'reserved'
      | 'wrong-namespace'
      | 'dedicated-pool'
  }
>

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
      return `covers ${formatDash(finding.range)}, ${reasonWords(finding.reason)}.${wayOut(finding, audience)}`
    case 'wrong-namespace':
      return `is not where MetalLB looks: it reads pools in ${shown(finding.expected)} only. Create it there.`
    case 'dedicated-pool':
      return `dedicates the pool to tenant ${shown(finding.tenant)} while the plan's poolModel is global. Let tenants share ${shown(finding.globalPool)}, or set poolModel: perTenant in the plan.`
  }
}

function sharesWords(finding: Extract<Finding, { code: 'shares-with' }>, audience: Audience): string {
  if (audience === 'tenant') return `shares ${counted(finding.range)} with a range in use by others.`
  const shared = `shares ${counted(finding.range)} with ${shownRef(finding.other)}: ${formatDash(finding.range)}.`
  return shared + wayOut(finding, audience)
}

function outsideWords(
  finding: Extract<Finding, { code: 'outside-node-subnets' }>,
  audience: Audience
): string {
  const subnets = listed(finding.nodeSubnets) || 'none'
  const announced =
    finding.announcedBy === undefined
      ? 'no advertisement selects the pool, and MetalLB would announce it by L2'
      : `${shownRef(finding.announcedBy)} announces it by L2`
  const wayByBgp = 'or announce it by BGP only and say so in the plan (allocations[].announcement: bgp).'
  return `has ${counted(finding.range)} outside the nodes' subnets (${subnets}): ${formatDash(finding.range)}; ${announced}, which reaches nobody there.${wayOut(finding, audience)} Use addresses of the nodes' subnets, ${wayByBgp}`
}

function reasonWords(reason: Extract<Finding, { code: 'reserved' }>['reason']): string {
  switch (reason.by) {
    case 'plan': {
      const owner = reason.owner === '' ? '' : ` (owner: ${shown(reason.owner)})`
      return `reserved in the plan for ${shown(reason.purpose) || 'other use'} as ${shown(reason.text)}${owner}`
    }
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

/** ` Nearest free ...`, with a leading blank; '' when there is none or the reader may not know. */
function wayOut(alternative: Alternative, audience: Audience): string {
  const { nearest, largestPart, largestFree } = alternative
  if (audience === 'tenant') return ''
  if (nearest !== undefined) return ` Nearest free range of the same size: ${formatEntry(nearest)}.`
  if (largestPart !== undefined)
    return ` Largest free part: ${formatEntry(largestPart)} (${counted(largestPart)}).`
  if (largestFree !== undefined)
    return ` Largest free range: ${formatEntry(largestFree)} (${counted(largestFree)}).`
  return ''
}
