import type { AdvertisementFinding } from '../../rules/findings/advertisement.ts'
import { counted, formatDash, listed, shown, shownRef } from '../show.ts'

/** The predicates of findings about advertisements. */
export function advertisementWords(finding: AdvertisementFinding): string {
  switch (finding.code) {
    case 'unknown-pool': {
      const near = finding.near === undefined ? '' : ` Did you mean ${shown(finding.near)}?`
      return `names no pool that exists here yet, so nothing is announced until one does.${near}`
    }
    case 'announced-off-subnet':
      return `announces ${shownRef(finding.pool)} by L2, but ${counted(finding.range)} of its ${finding.poolField} lie outside the nodes' subnets (${listed(finding.nodeSubnets) || 'none'}): ${formatDash(finding.range)}. Nobody answers ARP or NDP for them there; announce that pool by BGP, or move its range.`
    case 'announced-from-other-subnet': {
      const others = finding.nodes > 1 ? ` and ${finding.nodes - 1} more` : ''
      return `lets node ${shown(finding.node)}${others} announce ${shownRef(finding.pool)}, whose ${finding.poolField} ${formatDash(finding.range)} is in ${finding.nodeSubnet}, where that node is not. Select the nodes of ${finding.nodeSubnet} with spec.nodeSelectors.`
    }
  }
}
