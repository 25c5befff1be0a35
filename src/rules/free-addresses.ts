import { rangeSize, subtract, type AddressRange, type Family } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import { subnetDomain, type Claim } from '../kinds/claim.ts'
import { refOf } from '../kinds/index.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { allocatableRanges, type Subnet } from '../kinds/subnet.ts'

/** The families a Subnet hands out addresses of, IPv4 first. */
export function familiesOf(subnet: Subnet): readonly Family[] {
  const families = allocatableRanges(subnet).map(({ family }) => family)
  return ([4, 6] as const).filter(family => families.includes(family))
}

/** Whether Kube-OVN has an address of this family left to hand out. O(log n) for each claim passed over. */
export function hasFreeAddress(subnet: Subnet, family: Family, view: View): boolean {
  const within = allocatableRanges(subnet).filter(range => range.family === family)
  const [near] = within
  if (near === undefined) return false
  const search = { domains: [subnetDomain(subnet.meta.name)], within, near: { ...near, last: near.first } }
  // The Subnet holds all of them, which is no obstacle.
  return view.nearestFree({ ...search, size: 1n, except: refOf(subnet) }) !== undefined
}

/** How many addresses are free, and who has the others: the first 32 of them. */
export interface Room {
  readonly free: bigint
  readonly holders: readonly ObjectRef[]
}

/** As many as are read live together with what else a denial rests on (admission/judge.ts). */
const MOST_HOLDERS = 32

/**
 * The addresses of one family that Kube-OVN could hand out when those that `isOwn` says are given back. IPPools count as
 * taken: nobody but the Pods of their namespaces is given one. O(n log n) for n claims in the Subnet.
 */
export function roomIn(
  subnet: Subnet,
  family: Family,
  view: View,
  isOwn: (holder: ObjectRef) => boolean
): Room {
  const ranges = allocatableRanges(subnet).filter(range => range.family === family)
  const taken: Claim[] = []
  for (const range of ranges) {
    for (const claim of view.overlapping([subnetDomain(subnet.meta.name)], range)) {
      if (claim.holder.kind !== 'Subnet' && !isOwn(claim.holder)) taken.push(claim)
    }
  }
  const left = subtract(
    ranges,
    taken.map(({ range }) => range)
  )
  const holders = new Map(taken.map(({ holder }) => [refKey(holder), holder]))
  return { free: sizeOf(left), holders: [...holders.values()].slice(0, MOST_HOLDERS) }
}

function sizeOf(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, range) => sum + rangeSize(range), 0n)
}
