import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import type { L2Advertisement } from '../kinds/l2-advertisement.ts'
import type { Finding } from './finding.ts'
import { invalidSelector, repeatedTexts, selectorFindings } from './selector-syntax.ts'

/** What MetalLB refuses in the names and selectors by which an advertisement says what is announced, and from where. */
export function selectionFindings(object: L2Advertisement | BGPAdvertisement): Finding[] {
  return [
    ...repeatedTexts('spec.ipAddressPools', object.ipAddressPools),
    ...selectorFindings('spec.ipAddressPoolSelectors', object.ipAddressPoolSelectors),
    ...selectorFindings('spec.nodeSelectors', object.nodeSelectors),
    ...selectorFindings('spec.serviceSelectors', object.serviceSelectors),
    ...(object.kind === 'L2Advertisement' ? preferredFindings(object) : [])
  ]
}

/** Equal ones are fine here: their weights add up. */
function preferredFindings({ preferredNodeSelectors }: L2Advertisement): Finding[] {
  const list = 'spec.preferredNodeSelectors'
  return preferredNodeSelectors.flatMap((selector, i) =>
    invalidSelector(list, `${list}[${i}].preference`, selector)
  )
}
