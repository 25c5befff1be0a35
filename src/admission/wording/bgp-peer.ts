import type { BGPFinding, PeerMistake } from '../../rules/findings/bgp.ts'
import type { Audience } from '../judge.ts'
import { shown, shownRef } from '../show.ts'

type PeerFinding = Extract<
  BGPFinding,
  { code: 'peer-mistake' | 'peer-conflict' | 'unknown-bfd-profile' | 'bfd-number' | 'bfd-in-native-mode' }
>

/** The predicates of findings about BGPPeers and BFDProfiles. */
export function peerWords(finding: PeerFinding, audience: Audience): string {
  switch (finding.code) {
    case 'peer-mistake':
      return `${MISTAKES[finding.mistake]}.`
    case 'peer-conflict':
      return conflictWords(finding, audience)
    case 'unknown-bfd-profile': {
      const near =
        finding.near === undefined || audience === 'tenant' ? '' : ` Did you mean ${shown(finding.near)}?`
      return `names no BFDProfile that exists yet: MetalLB takes no further change of its configuration until one does.${near}`
    }
    case 'bfd-number':
      return `is not in ${finding.least}-${finding.most}, for which MetalLB refuses its whole configuration.`
    case 'bfd-in-native-mode':
      return "is a BFDProfile, of which MetalLB takes none in native mode (the plan's metallb.bgpType): it refuses its whole configuration."
  }
}

const MISTAKES: Readonly<Record<PeerMistake, string>> = {
  'no-local-asn': 'is missing: the AS number of this side',
  'no-peer-asn': 'is missing: give the AS number of the router, or dynamicASN',
  'two-peer-asns': 'stands beside peerASN: give one of the two',
  'unknown-dynamic-asn': 'is neither internal nor external',
  'multihop-to-itself': 'is for eBGP, but peerASN is myASN: leave it out',
  'no-address': 'is missing: give the address of the router, or the interface for an unnumbered session',
  'two-addresses': 'stands beside peerAddress: give one of the two',
  'not-an-address': 'is no IP address',
  'not-a-duration': 'is no duration: write it like 90s or 1m30s',
  'hold-time-too-short':
    'makes a hold time below three seconds; it is 0 or at least 3s (RFC 4271), three times the keepalive time where only that is given',
  'keepalive-over-hold': 'is longer than holdTime',
  'two-passwords': 'stands beside password: give one of the two',
  'not-in-native-mode': "is not for MetalLB's native mode, which the plan states (metallb.bgpType)"
}

const CONFLICTS = {
  session: 'is the session of',
  routerID: 'differs from',
  myASN: 'differs from'
} as const

function conflictWords(finding: Extract<PeerFinding, { code: 'peer-conflict' }>, audience: Audience): string {
  const { about, other, otherValue } = finding
  if (audience === 'tenant') return 'conflicts with a peer of others.'
  const value = about === 'session' ? '' : ` (${shown(otherValue) || 'none'})`
  const limit =
    about === 'session' ? 'one session to a router' : `one ${about}${about === 'myASN' ? ' a VRF' : ''}`
  return `${CONFLICTS[about]} ${shownRef(other)}${value}, and both may be on one node, where FRR has ${limit}.`
}
