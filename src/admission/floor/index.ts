import { addressConflictFloor } from './address-conflict.ts'
import { addressNotGrantedFloor } from './address-not-granted.ts'
import { externalIPsFloor } from './external-ips.ts'
import type { FloorOf } from './floor.ts'
import { loadBalancerClassFloor } from './load-balancer-class.ts'
import { poolNotGrantedFloor } from './pool-not-granted.ts'
import { portFloor } from './port.ts'
import { serviceTypeFloor } from './service-type.ts'
import { sharedAddressFloor } from './shared-address.ts'
import { sourceRangesFloor } from './source-ranges.ts'
import { statusFloor } from './status.ts'

/** The rules that the API server can judge by itself, in whole or in part, in the order in which their policies are printed. */
export const FLOORS: readonly FloorOf[] = Object.freeze([
  serviceTypeFloor,
  loadBalancerClassFloor,
  portFloor,
  externalIPsFloor,
  sourceRangesFloor,
  addressConflictFloor,
  sharedAddressFloor,
  poolNotGrantedFloor,
  addressNotGrantedFloor,
  statusFloor
])
