import { FLOOR_WORDS } from '../wording/floor.ts'
import type { FloorOf } from './floor.ts'
import { forPolicies } from './per-policy.ts'

/** service-shared-address: sharing keys where policies let nobody share. Who else has a key is the webhook's to say. */
export const sharedAddressFloor: FloorOf = ({ policies }) => ({
  rule: 'service-shared-address',
  on: 'object',
  variables: [],
  leftOut: [],
  checks: forPolicies(policies, 'keys', ({ services }) =>
    services?.sharedAddresses === 'never' ? { offenders: KEY, words: FLOOR_WORDS.sharedAddress } : undefined
  )
})

const KEY =
  'variables.metallb && variables.askedSharingKey != "" && !(variables.oldMetallb && variables.oldAskedSharingKey == variables.askedSharingKey) ? [variables.askedSharingKey] : []'
