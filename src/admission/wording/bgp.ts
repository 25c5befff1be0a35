import type { BGPFinding } from '../../rules/findings/bgp.ts'
import type { Audience } from '../judge.ts'
import { shown, shownRef } from '../show.ts'
import { peerWords } from './bgp-peer.ts'

/** The predicates of findings about BGP. What contradicts another object reads the same from either side. */
export function bgpWords(finding: BGPFinding, audience: Audience): string {
  switch (finding.code) {
    case 'aggregation-length':
      return `is no prefix length of IPv${finding.family}: ${finding.least}-${finding.most}.`
    case 'aggregation-with-selectors':
      return 'aggregates, which serviceSelectors do not go with: a block holds addresses of other Services too. Leave one of the two out.'
    case 'bad-community':
      return 'is no community: write 64512:100 with both numbers up to 65535, or large:64512:1:2 with each up to 4294967295.'
    case 'large-community':
      return "is a large community, and native mode (the plan's metallb.bgpType) has only those such as 64512:100."
    case 'aggregation-too-wide':
    case 'local-pref-conflict':
    case 'native-ipv6':
    case 'bfd-echo-ipv6':
    case 'community-defined':
      return audience === 'platform'
        ? `${contradictionWords(finding)} MetalLB refuses its whole configuration then.`
        : 'does not go with what others have there, for which MetalLB refuses its whole configuration.'
    default:
      return peerWords(finding, audience)
  }
}

type Contradiction = Extract<
  BGPFinding,
  {
    code:
      'aggregation-too-wide' | 'local-pref-conflict' | 'native-ipv6' | 'bfd-echo-ipv6' | 'community-defined'
  }
>

function contradictionWords(finding: Contradiction): string {
  switch (finding.code) {
    case 'aggregation-too-wide':
      return tooWideWords(finding)
    case 'local-pref-conflict': {
      const { advertisement, localPref, other, otherLocalPref, pool, sharedNode } = finding
      const both = `${shownRef(advertisement)} (localPref ${localPref}) and ${shownRef(other)} (localPref ${otherLocalPref})`
      return `conflicts: ${both} announce ${shownRef(pool)} in blocks of one size to the same peers, from node ${shown(sharedNode)} among others. Give them one localPref, or peers, nodes or aggregation lengths of their own.`
    }
    case 'native-ipv6':
      return `brings IPv6 to BGP, which native mode (the plan's metallb.bgpType) does not speak: ${shownRef(finding.advertisement)} announces ${shown(finding.entry)} of ${shownRef(finding.pool)}. Keep IPv6 in pools that are announced by L2 alone, or use FRR.`
    case 'bfd-echo-ipv6':
      return `brings IPv6 and BFD echo together: ${shownRef(finding.advertisement)} announces IPv6 of ${shownRef(finding.pool)} to ${shownRef(finding.peer)}, whose ${shownRef(finding.profile)} has echoMode. Name other peers in the advertisement, or set echoMode: false.`
    case 'community-defined':
      return `is defined by ${shownRef(finding.other)} already. Choose another name.`
  }
}

/** Told of the pool's entry or of the advertisement, whichever was written. */
function tooWideWords(finding: Extract<BGPFinding, { code: 'aggregation-too-wide' }>): string {
  const { advertisement, length, pool, poolField, entry, prefix, unmapped } = finding
  const isPool = finding.field === poolField
  if (unmapped !== undefined) {
    const what = isPool ? 'it' : `${poolField} ${shown(entry)} of ${shownRef(pool)}`
    return `cannot be announced by ${shownRef(advertisement)}: ${what} is an IPv4-mapped CIDR, whose prefix MetalLB takes for /${prefix} and so for narrower than any block. Write ${unmapped}.`
  }
  const wayOut = `Aggregate to /${prefix} or longer, or widen the range.`
  return isPool
    ? `is too narrow for ${shownRef(advertisement)}, which announces whole /${length} blocks: its largest one is a /${prefix}. ${wayOut}`
    : `is too wide for ${shownRef(pool)}: the largest block of its ${poolField} ${shown(entry)} is a /${prefix}. ${wayOut}`
}
