import { familySpan, merge, type AddressRange } from '../address/range.ts'
import type { View } from '../inventory/view.ts'
import type { Plan } from '../policy/plan.ts'

/** What MetalLB makes of a pool's addresses. */
export interface PoolRanges {
  readonly name: string
  readonly avoidBuggyIPs: boolean
  /** Disjoint and ascending, IPv4 first; empty when no entry can be read. */
  readonly ranges: readonly AddressRange[]
}

/** The pools of MetalLB's own namespace, by name: others give out nothing. O(n log n) for their n entries. */
export function poolRanges(view: View, { metallb: { namespace } }: Plan): readonly PoolRanges[] {
  // The claims are parsed already; what cannot be parsed claims nothing.
  const claimed = new Map<string, AddressRange[]>()
  for (const family of [4, 6] as const) {
    for (const { holder, range } of view.overlapping(['metallb'], familySpan(family))) {
      if (holder.namespace !== namespace) continue
      const known = claimed.get(holder.name)
      if (known === undefined) claimed.set(holder.name, [range])
      else known.push(range)
    }
  }
  return [...view.list('IPAddressPool')]
    .filter(({ meta }) => meta.namespace === namespace)
    .map(({ meta: { name }, avoidBuggyIPs }) => {
      return { name, avoidBuggyIPs, ranges: merge(claimed.get(name) ?? []) }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
