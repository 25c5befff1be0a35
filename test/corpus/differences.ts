/** A row answered otherwise than MetalLB's webhook answers it. */
export interface Difference {
  readonly poolguard: 'allow' | 'deny'
  readonly why: string
}

/** Rows with one reason. */
interface Group extends Difference {
  readonly rows: readonly string[]
}

const GROUPS: readonly Group[] = [
  {
    poolguard: 'deny',
    why: "MetalLB's webhook looks at one kind at a time and admits it; MetalLB then refuses its whole configuration (metallb#1577 and its like)",
    rows: [
      't-testparse-bad-aggregation-length-incompatible-with-cidr--as-ipaddresspool',
      't-testparse-different-local-pref-same-peers-and-nodes--as-ipaddresspool',
      't-testparse-aggregation-length-by-range-too-wide--as-ipaddresspool',
      't-testparse-session-with-ipv6-and-bfd-echo-mode--as-ipaddresspool',
      't-testparse-session-with-ipv6-and-bfd-echo-mode--as-bgpadvertisement',
      't-testvalidate-v6-address--as-ipaddresspool',
      't-testvalidate-v6-address-and-selected--as-ipaddresspool',
      't-testvalidate-v6-address-and-selected-by-labels--as-ipaddresspool',
      'c-pool-create-incompatible-with-existing-bgpadv',
      'c-native-v6-pool-after-bgpadv'
    ]
  },
  {
    poolguard: 'deny',
    why: "a warning about what MetalLB's webhook does not look at, and for which MetalLB then refuses its whole configuration",
    rows: [
      't-testparse-peer-with-non-existing-bfd-profile--as-bgppeer',
      't-testparse-session-with-ipv6-and-bfd-echo-mode--as-bgppeer',
      't-testparse-bfd-profile-with-too-low-receive-interval',
      't-testparse-bfd-profile-with-too-high-receive-interval',
      't-testvalidate-peer-with-bfd-profile',
      't-testvalidate-disable-bgp-mp'
    ]
  },
  {
    poolguard: 'deny',
    why: "a warning: with disableMP, which has no effect, MetalLB's webhook skips all its checks when a peer is created, and not when it is updated",
    rows: ['c-bgppeer-disablemp-skips-all-checks']
  },
  {
    poolguard: 'allow',
    why: 'something wrong that is stored already blocks no unrelated write: MetalLB judges the whole set anew each time',
    rows: [
      't-testparse-overlapping-cidrs',
      'c-overlap-poisoned-set-denies-unrelated-pool',
      'c-other-poisoned-set-denies-l2adv',
      'c-bgpadv-mixed-family-pool-localpref-conflict'
    ]
  },
  {
    poolguard: 'deny',
    why: 'mixes families: MetalLB 0.15 stores it as a pool without addresses; 0.16.2 refuses it as well',
    rows: ['c-parse-34', 'c-parse-36']
  },
  {
    poolguard: 'deny',
    why: '::ffff:10.0.0.0/24 becomes the IPv6 prefix ::/24, which nobody means',
    rows: ['c-parse-31']
  },
  {
    poolguard: 'deny',
    why: 'IPv4-mapped IPv6 is IPv4: MetalLB gives out the same IPv4 addresses from both pools and does not notice',
    rows: [
      'c-overlap-mapped-contains-narrower-v4-missed',
      'c-overlap-mapped-all-ipv4-missed',
      'c-overlap-mapped-contains-single-ip-missed'
    ]
  },
  {
    poolguard: 'deny',
    why: 'a pool of the same name in another namespace is another pool; MetalLB compares names only',
    rows: ['c-other-update-other-ns-same-name-masks']
  }
]

/**
 * Rows of the pool corpus where poolguard deliberately answers other than MetalLB, by id. The test fails on a difference
 * that is not here, and on one here that no longer is one.
 */
export const DIFFERENCES: ReadonlyMap<string, Difference> = new Map(
  GROUPS.flatMap(({ rows, ...difference }) => rows.map(row => [row, difference] as const))
)
