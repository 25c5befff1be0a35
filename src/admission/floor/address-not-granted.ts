import { FLOOR_WORDS } from '../wording/floor.ts'
import type { FloorOf } from './floor.ts'
import { forPolicies } from './per-policy.ts'

/** service-address-not-granted: requests where policies deny all of them. Which pool has an address is the webhook's to say. */
export const addressNotGrantedFloor: FloorOf = ({ policies }) => ({
  rule: 'service-address-not-granted',
  on: 'object',
  variables: [],
  leftOut: [],
  checks: forPolicies(policies, 'asked', ({ services }) =>
    services?.addressRequests === 'denied'
      ? { offenders: REQUESTS, words: FLOOR_WORDS.addressRequest }
      : undefined
  )
})

/** Whatever load balancer they are meant for. */
const REQUESTS =
  'variables.type != "LoadBalancer" ? [] : variables.requests.filter(i, !(variables.oldType == "LoadBalancer" && i in variables.oldRequests))'
