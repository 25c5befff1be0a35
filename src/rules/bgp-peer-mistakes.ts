import { parseAddress } from '../address/parse.ts'
import type { BGPPeer } from '../kinds/bgp-peer.ts'
import type { Finding } from './finding.ts'
import type { PeerMistake } from './findings/bgp.ts'

interface Mistake {
  readonly mistake: PeerMistake
  /** In spec. */
  readonly field: string
  readonly isMade: (peer: BGPPeer) => boolean
  readonly valueIn?: (peer: BGPPeer) => string
}

const MISTAKES: readonly Mistake[] = [
  { mistake: 'no-local-asn', field: 'myASN', isMade: peer => peer.myASN === 0 },
  { mistake: 'no-peer-asn', field: 'peerASN', isMade: peer => peer.peerASN === 0 && peer.dynamicASN === '' },
  {
    mistake: 'two-peer-asns',
    field: 'dynamicASN',
    isMade: peer => peer.peerASN !== 0 && peer.dynamicASN !== '',
    valueIn: peer => peer.dynamicASN
  },
  {
    mistake: 'unknown-dynamic-asn',
    field: 'dynamicASN',
    isMade: peer => !['', 'internal', 'external'].includes(peer.dynamicASN),
    valueIn: peer => peer.dynamicASN
  },
  {
    mistake: 'multihop-to-itself',
    field: 'ebgpMultiHop',
    isMade: peer => peer.ebgpMultiHop && peer.peerASN !== 0 && peer.peerASN === peer.myASN,
    valueIn: () => 'true'
  },
  {
    mistake: 'no-address',
    field: 'peerAddress',
    isMade: peer => peer.peerAddress === '' && peer.interface === ''
  },
  {
    mistake: 'two-addresses',
    field: 'interface',
    isMade: peer => peer.peerAddress !== '' && peer.interface !== '',
    valueIn: peer => peer.interface
  },
  {
    mistake: 'two-passwords',
    field: 'passwordSecret.name',
    isMade: peer => peer.hasPassword && peer.passwordSecret !== '',
    valueIn: peer => peer.passwordSecret
  }
]

/** A fact about the peer alone. */
export function peerMistake(mistake: PeerMistake, field: string, value: string): Finding {
  return { code: 'peer-mistake', field, value, mistake, restsOn: [] }
}

/** What MetalLB refuses of a peer in every mode, times and selectors apart. */
export function mistakes(peer: BGPPeer): Finding[] {
  const made = MISTAKES.filter(({ isMade }) => isMade(peer)).map(({ mistake, field, valueIn }) =>
    peerMistake(mistake, `spec.${field}`, valueIn?.(peer) ?? '')
  )
  return [...made, ...addressFindings(peer)]
}

function addressFindings(peer: BGPPeer): Finding[] {
  return (['peerAddress', 'routerID', 'sourceAddress'] as const)
    .filter(field => peer[field] !== '' && !parseAddress(peer[field]).ok)
    .map(field => peerMistake('not-an-address', `spec.${field}`, peer[field]))
}

/** What MetalLB's own implementation of BGP has not (DiscardFRROnly); its FRR has all of it. */
export function notNativeFindings(peer: BGPPeer): Finding[] {
  const { bfdProfile, keepaliveTime, connectTime, vrf, dynamicASN, interface: name, localASN } = peer
  const given: readonly (readonly [string, string])[] = [
    ['bfdProfile', bfdProfile],
    ['keepaliveTime', ['0', '0s'].includes(keepaliveTime) ? '' : keepaliveTime],
    ['vrf', vrf],
    ['connectTime', connectTime],
    ['enableGracefulRestart', peer.enableGracefulRestart ? 'true' : ''],
    ['disableMP', peer.disableMP ? 'true' : ''],
    ['dualStackAddressFamily', peer.dualStackAddressFamily ? 'true' : ''],
    ['dynamicASN', dynamicASN],
    ['interface', name],
    ['localASN', localASN === 0 ? '' : String(localASN)]
  ]
  return given
    .filter(([, value]) => value !== '')
    .map(([field, value]) => peerMistake('not-in-native-mode', `spec.${field}`, value))
}
