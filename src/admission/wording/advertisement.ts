import type { AdvertisementFinding } from '../../rules/findings/advertisement.ts'
import type { Audience } from '../judge.ts'
import { counted, formatDash, formatEntry, listed, shown, shownRef } from '../show.ts'

/** The predicates of findings about advertisements. */
export function advertisementWords(finding: AdvertisementFinding, audience: Audience): string {
  switch (finding.code) {
    case 'unknown-pool':
      return `names no pool that exists here yet, so nothing is announced until one does.${nearWords(finding, audience)}`
    case 'unknown-peer':
      return `names no BGPPeer that exists here yet, so nothing is announced to it until one does.${nearWords(finding, audience)}`
    case 'unknown-community':
      return `names no community that a Community object here defines yet: MetalLB takes no further change of its configuration until one does.${nearWords(finding, audience)}`
    case 'selects-nothing':
      return `matches no ${finding.kind} that exists here yet, so nothing is announced by it until one does.`
    case 'announced-off-subnet':
      return `announces ${shownRef(finding.pool)} by L2, but ${counted(finding.range)} of its ${finding.poolField} lie outside the nodes' subnets (${listed(finding.nodeSubnets) || 'none'}): ${formatDash(finding.range)}. Nobody answers ARP or NDP for them there; announce that pool by BGP, or move its range.`
    case 'announced-from-other-subnet':
      return `lets node ${shown(finding.node)}${moreNodes(finding)} announce ${shownRef(finding.pool)}, whose ${finding.poolField} ${formatDash(finding.range)} is in ${finding.nodeSubnet}, where that node is not. Select the nodes of ${finding.nodeSubnet} with spec.nodeSelectors.`
    case 'announced-by-nodes-elsewhere':
      return audience === 'tenant'
        ? 'would be announced from nodes of another subnet, where nobody asks for it.'
        : `is in ${finding.nodeSubnet}${partWords(finding)}, and ${shownRef(finding.advertisement)} lets node ${shown(finding.node)}${moreNodes(finding)} announce it, which is not there. Select the nodes of ${finding.nodeSubnet} with its spec.nodeSelectors.`
    case 'interface-not-on-subnet':
    case 'subnet-without-interface':
    case 'announced-on-other-interface':
      return audience === 'tenant'
        ? 'is not on an interface that the plan gives the announced subnet.'
        : interfaceWords(finding)
    case 'last-advertisement':
      return audience === 'tenant'
        ? 'takes away the last advertisement of addresses that Services have.'
        : `takes away the last advertisement of ${shownRef(finding.pool)}, from which ${servicesWords(finding.services)}: they keep their addresses, and nobody reaches them. Announce it by another advertisement first.`
    case 'still-named': {
      if (audience === 'tenant') return 'is still named by others.'
      const more = finding.count > 1 ? ` and ${finding.count - 1} more` : ''
      return `is still named by ${shownRef(finding.by)}${more}: MetalLB takes no further change of its configuration without it. Take the name out there first.`
    }
  }
}

function nearWords({ near }: { readonly near: string | undefined }, audience: Audience): string {
  return near === undefined || audience === 'tenant' ? '' : ` Did you mean ${shown(near)}?`
}

function moreNodes({ nodes }: { readonly nodes: number }): string {
  return nodes > 1 ? ` and ${nodes - 1} more` : ''
}

function servicesWords(services: number): string {
  return services === 1 ? '1 Service has its address' : `${services} Services have their addresses`
}

function partWords({
  value,
  range
}: Extract<AdvertisementFinding, { code: 'announced-by-nodes-elsewhere' | 'announced-on-other-interface' }>) {
  const isWhole = [formatDash(range), formatEntry(range)].includes(value)
  return isWhole ? '' : ` with ${formatDash(range)}`
}

function interfaceWords(
  finding: Extract<
    AdvertisementFinding,
    { code: 'interface-not-on-subnet' | 'subnet-without-interface' | 'announced-on-other-interface' }
  >
): string {
  const interfaces = listed(finding.interfaces.map(name => shown(name))) || 'none'
  switch (finding.code) {
    case 'interface-not-on-subnet':
      return `is no interface of ${listed(finding.nodeSubnets)}, which is what is announced: the plan gives ${interfaces}. Name those, or no interface for all.`
    case 'subnet-without-interface':
      return `leaves out every interface that the plan gives ${finding.nodeSubnet} (${interfaces}), where ${shownRef(finding.pool)} lies: nobody there hears of its addresses. Add one, or name no interface for all.`
    case 'announced-on-other-interface':
      return `is in ${finding.nodeSubnet}${partWords(finding)}, which the plan has on ${interfaces}, and ${shownRef(finding.advertisement)} announces it on other interfaces alone. Add one to its spec.interfaces, or announce this pool by another advertisement.`
  }
}
