import { FLOOR_WORDS } from '../wording/floor.ts'
import { texts, type Cel, type Variable } from './cel.ts'
import type { FloorOf } from './floor.ts'
import { forPolicies } from './per-policy.ts'
import { blocksOf, tooManyBlocks } from './ranges.ts'
import { ifStored, plainAddress } from './service.ts'

/** service-external-ips: which ranges policies allow. Who else has an address is the webhook's to say. */
export const externalIPsFloor: FloorOf = ({ policies }) => ({
  rule: 'service-external-ips',
  on: 'object',
  variables: VARIABLES,
  leftOut: policies.flatMap(({ policy: { name, services } }) => {
    const ranges = services?.externalIPs?.allowedRanges
    return ranges && blocksOf(ranges) === undefined ? [tooManyBlocks(name, 'services.externalIPs')] : []
  }),
  checks: forPolicies(policies, 'addresses', ({ services }) => {
    const ranges = services?.externalIPs?.allowedRanges
    const allowed = ranges && blocksOf(ranges)
    return allowed && { offenders: outside(allowed.cidrs), words: FLOOR_WORDS.externalIPs(allowed.texts) }
  })
})

/** What is no address is in no range. */
function outside(cidrs: readonly string[]): Cel {
  const address = plainAddress('i')
  const isAllowed =
    cidrs.length === 0
      ? 'false'
      : `isIP(${address}) && ${texts(cidrs)}.exists(c, cidr(c).containsIP(${address}))`
  return `variables.externalIPs.filter(i, !(${isAllowed}) && !(i in variables.oldExternalIPs))`
}

/** An ExternalName is only a name. What is stored excuses the same type alone. */
const VARIABLES: readonly Variable[] = [
  {
    name: 'externalIPs',
    expression: 'variables.type == "ExternalName" ? [] : object.spec.?externalIPs.orValue([])'
  },
  {
    name: 'oldExternalIPs',
    expression: ifStored(
      '(variables.oldType == variables.type ? oldObject.spec.?externalIPs.orValue([]) : [])',
      '[]'
    )
  }
]
