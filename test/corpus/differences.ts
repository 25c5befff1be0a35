/** A row answered otherwise than MetalLB answers it. */
export interface Difference {
  readonly poolguard: 'allow' | 'deny'
  readonly why: string
}

const MIXED = 'mixes families: MetalLB 0.15 stores it as a pool without addresses; 0.16.2 refuses it as well'
const MAPPED =
  'IPv4-mapped IPv6 is IPv4: MetalLB gives out the same IPv4 addresses from both pools and does not notice'
const MESS =
  'something wrong that is stored already blocks no unrelated write: MetalLB judges the whole set anew each time'

/**
 * Rows of the pool corpus where poolguard deliberately answers other than MetalLB, by id. The test fails on a difference
 * that is not here, and on one here that no longer is one.
 */
export const DIFFERENCES: ReadonlyMap<string, Difference> = new Map([
  [
    'c-parse-31',
    { poolguard: 'deny', why: '::ffff:10.0.0.0/24 becomes the IPv6 prefix ::/24, which nobody means' }
  ],
  ['c-parse-34', { poolguard: 'deny', why: MIXED }],
  ['c-parse-36', { poolguard: 'deny', why: MIXED }],
  ['c-overlap-mapped-contains-narrower-v4-missed', { poolguard: 'deny', why: MAPPED }],
  ['c-overlap-mapped-all-ipv4-missed', { poolguard: 'deny', why: MAPPED }],
  ['c-overlap-mapped-contains-single-ip-missed', { poolguard: 'deny', why: MAPPED }],
  ['t-testparse-overlapping-cidrs', { poolguard: 'allow', why: MESS }],
  ['c-overlap-poisoned-set-denies-unrelated-pool', { poolguard: 'allow', why: MESS }],
  [
    'c-other-update-other-ns-same-name-masks',
    {
      poolguard: 'deny',
      why: 'a pool of the same name in another namespace is another pool; MetalLB compares names only'
    }
  ]
])
