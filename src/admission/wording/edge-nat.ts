import { formatRange } from '../../address/format.ts'
import type { MissingMapping } from '../../rules/edge-nat-drift.ts'
import { shown } from '../show.ts'

/** What an OvnEip lacks on the edge router, for who made it and for the network team. */
export function missingMappingWords({ eip, subnet }: MissingMapping): string {
  return `${formatRange(eip)} of Subnet ${shown(subnet)} has no mapping in the plan's edgeRouter.mappings: nothing from outside reaches it. Map a public address to it.`
}
