import type { BGPAdvertisement } from '../kinds/bgp-advertisement.ts'
import { announcedPools } from './announced-pools.ts'
import { advertisedTooWide, aggregationLengths, DEFAULT_LENGTHS, LENGTH_FIELDS } from './bgp-aggregation.ts'
import { literalFindings } from './bgp-communities.ts'
import { advertisedIPv6 } from './bgp-ipv6.ts'
import { advertisedLocalPrefs } from './bgp-local-pref.ts'
import type { Finding } from './finding.ts'
import type { CheckContext } from './rule.ts'
import { repeatedTexts } from './selector-syntax.ts'

/** What MetalLB refuses in what a BGPAdvertisement alone has, and together with the pools it announces. */
export function bgpAdvertisementFindings(object: BGPAdvertisement, context: CheckContext): Finding[] {
  const { plan, view } = context
  const own = [
    ...repeatedTexts('spec.peers', object.peers),
    ...repeatedTexts('spec.communities', object.communities),
    ...literalFindings(object.communities, plan),
    ...lengthFindings(object)
  ]
  // Elsewhere MetalLB reads neither the advertisement nor the pools beside it.
  if (object.meta.namespace !== plan.metallb.namespace) return own
  const announced = announcedPools(object, view)
  return [
    ...own,
    ...advertisedTooWide(object, announced),
    ...advertisedLocalPrefs(object, announced, view),
    ...advertisedIPv6(object, announced, context)
  ]
}

/**
 * Lengths that no prefix has, and aggregation beside serviceSelectors: a block would take Services along that are not
 * selected (MetalLB 0.16; earlier versions have no serviceSelectors).
 */
function lengthFindings(object: BGPAdvertisement): Finding[] {
  const lengths = aggregationLengths(object)
  return ([4, 6] as const).flatMap((family): Finding[] => {
    const at = { field: LENGTH_FIELDS[family], value: String(lengths[family]), restsOn: [] }
    const [least, most] = LIMITS[family]
    if (lengths[family] < least || lengths[family] > most)
      return [{ ...at, code: 'aggregation-length', family, least, most }]
    const isAggregating = lengths[family] !== DEFAULT_LENGTHS[family]
    return isAggregating && object.serviceSelectors.length > 0
      ? [{ ...at, code: 'aggregation-with-selectors' }]
      : []
  })
}

/** The shortest and the longest: those of the CRD and of MetalLB's parser. */
const LIMITS = { 4: [1, 32], 6: [0, 128] } as const
