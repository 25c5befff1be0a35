import type { Family } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** What is wrong with a BGPPeer by itself. */
export type PeerMistake =
  | 'no-local-asn'
  | 'no-peer-asn'
  | 'two-peer-asns'
  | 'unknown-dynamic-asn'
  | 'multihop-to-itself'
  | 'no-address'
  | 'two-addresses'
  | 'not-an-address'
  | 'not-a-duration'
  | 'hold-time-too-short'
  | 'keepalive-over-hold'
  | 'two-passwords'
  | 'not-in-native-mode'

/** Two localPrefs for what is one BGP update. */
export interface LocalPrefs {
  readonly advertisement: ObjectRef
  readonly localPref: number
  readonly other: ObjectRef
  readonly otherLocalPref: number
  readonly pool: ObjectRef
  /** One of the nodes that announce both. */
  readonly sharedNode: string
}

/** The facts that rules state about BGP. Those of several objects are the same whichever of them is written. */
export type BGPFinding =
  | (At & {
      readonly code: 'aggregation-length'
      readonly family: Family
      readonly least: number
      readonly most: number
    })
  | (At & { readonly code: 'aggregation-with-selectors' })
  | (At & {
      readonly code: 'aggregation-too-wide'
      readonly advertisement: ObjectRef
      readonly length: number
      readonly pool: ObjectRef
      readonly poolField: string
      readonly entry: string
      /** Prefix length of the largest block of the entry, as MetalLB counts it. */
      readonly prefix: number
      /** What to write instead of an IPv4-mapped CIDR, whose prefix MetalLB counts in 128 bits; undefined for others. */
      readonly unmapped: string | undefined
    })
  | (At & { readonly code: 'local-pref-conflict' } & LocalPrefs)
  | (At & {
      readonly code: 'native-ipv6'
      readonly advertisement: ObjectRef
      readonly pool: ObjectRef
      readonly entry: string
    })
  | (At & {
      readonly code: 'bfd-echo-ipv6'
      readonly advertisement: ObjectRef
      readonly pool: ObjectRef
      readonly peer: ObjectRef
      readonly profile: ObjectRef
    })
  | (At & { readonly code: 'bad-community' })
  | (At & { readonly code: 'large-community' })
  | (At & { readonly code: 'community-defined'; readonly other: ObjectRef })
  | (At & { readonly code: 'peer-mistake'; readonly mistake: PeerMistake })
  | (At & {
      readonly code: 'peer-conflict'
      readonly about: 'session' | 'routerID' | 'myASN'
      readonly other: ObjectRef
      /** What the other peer has in the field. */
      readonly otherValue: string
    })
  | (At & { readonly code: 'unknown-bfd-profile'; readonly near: string | undefined })
  | (At & { readonly code: 'bfd-number'; readonly least: number; readonly most: number })
  | (At & { readonly code: 'bfd-in-native-mode' })
