import type { BGPPeer } from '../kinds/bgp-peer.ts'
import { parseGoDuration } from '../kinds/go-duration.ts'
import { peerMistake } from './bgp-peer-mistakes.ts'
import type { Finding } from './finding.ts'

/** RFC 4271, 4.2: a hold time is 0 or at least three seconds. */
const LEAST_HOLD_SECONDS = 3

const NANOSECONDS = 1e9

/** The keepalive time is a third of the hold time where one of them is not given (MetalLB, parseTimers). */
const HOLD_PER_KEEPALIVE = 3

/** Times that MetalLB cannot read or does not take. */
export function timerFindings(peer: BGPPeer): Finding[] {
  const { holdTime, keepaliveTime } = peer
  const unreadable = (['holdTime', 'keepaliveTime', 'connectTime'] as const)
    .filter(field => peer[field] !== '' && parseGoDuration(peer[field]) === undefined)
    .map(field => peerMistake('not-a-duration', `spec.${field}`, peer[field]))
  const keepalive = parseGoDuration(keepaliveTime)
  const given = parseGoDuration(holdTime)
  const hold = given ?? (holdTime === '' && keepalive !== undefined ? keepalive * HOLD_PER_KEEPALIVE : 0)
  const seconds = Math.trunc(hold / NANOSECONDS)
  return [
    ...unreadable,
    ...(seconds !== 0 && seconds < LEAST_HOLD_SECONDS ? [tooShort(peer)] : []),
    ...(given !== undefined && keepalive !== undefined && keepalive > given
      ? [peerMistake('keepalive-over-hold', 'spec.keepaliveTime', keepaliveTime)]
      : [])
  ]
}

function tooShort({ holdTime, keepaliveTime }: BGPPeer): Finding {
  return holdTime === ''
    ? peerMistake('hold-time-too-short', 'spec.keepaliveTime', keepaliveTime)
    : peerMistake('hold-time-too-short', 'spec.holdTime', holdTime)
}
