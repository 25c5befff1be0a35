import type { IPAddressPool } from '../kinds/ip-address-pool.ts'
import type { Plan } from '../policy/plan.ts'
import { sharedVlans } from '../policy/shared-vlans.ts'
import { vlanOfPool } from './node-subnets.ts'
import type { Reserved } from './reserved-ranges.ts'

/** The ranges that the plan gives to VLANs of the shared address space, but for the one this pool is for: not its own to use. */
export function vlanReserves(plan: Plan, pool: IPAddressPool): readonly Reserved[] {
  const own = vlanOfPool(plan, pool)?.tenant
  return sharedVlans(plan)
    .filter(({ tenant }) => tenant !== own)
    .map(({ tenant, range: { range, text } }) => ({
      range,
      reason: { by: 'vlan', tenant, text },
      restsOn: []
    }))
}
