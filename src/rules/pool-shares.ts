import { refOf } from '../kinds/index.ts'
import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import { alternativesFor } from './alternative.ts'
import type { Finding } from './finding.ts'
import type { Use } from './findings/at.ts'
import { heldBy, occupiedBy } from './occupied.ts'
import { ownParts } from './own-parts.ts'
import { poolEntries } from './pool-entries.ts'
import type { CheckContext } from './rule.ts'

/** What a pool shares with those who use addresses this way, each with a way out. */
export function sharesOf(pool: IPAddressPool, uses: readonly Use[], context: CheckContext): Finding[] {
  const occupied = occupiedBy({ uses }, context)
  const isOwn = heldBy(refOf(pool))
  const alternative = alternativesFor(pool, context)
  return ownParts(poolEntries(pool)).flatMap(({ entry, parts }) =>
    parts
      .flatMap(part => [...occupied(part, isOwn)])
      .map(shared => ({
        ...shared,
        code: 'shares-with' as const,
        field: entry.field,
        value: entry.text,
        ...alternative(entry)
      }))
  )
}
