import { quotaAudits } from '../rules/quota-overruns.ts'
import type { ClusterWorld } from './world.ts'

/**
 * How many quotas tenants have exceeded, by rule, as often as it is asked; counted anew when something has changed since. A
 * rule is left out while no policy states its quota, or a kind that it counts by is not known.
 */
export function overrunCounts(world: ClusterWorld): () => ReadonlyMap<string, number> {
  let counts: ReadonlyMap<string, number> | undefined
  let counted = world.ports.snapshot()
  world.onChange(() => (counts = undefined))
  return () => {
    const snapshot = world.ports.snapshot()
    if (snapshot !== counted) counts = undefined
    counted = snapshot
    const audits = () => quotaAudits({ ...snapshot, view: world.inventory })
    counts ??= new Map(
      audits()
        .filter(({ unknown }) => unknown.length === 0)
        .map(({ rule, overruns }) => [rule.id, overruns.length])
    )
    return counts
  }
}
