import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** The facts that rules state about OvnEips, the NAT rules that use them, and whatever else takes addresses of a Subnet. */
export type OvnEipFinding =
  | (At & { readonly code: 'unnamed-subnet'; readonly byDefault: string })
  | (At & { readonly code: 'upper-case' })
  | (At & { readonly code: 'no-mac' })
  /** Kube-OVN takes no notice of v6Ip. `isAlone`: there is no v4Ip either, so all of the request is lost. */
  | (At & { readonly code: 'ignored-v6'; readonly isAlone: boolean })
  | (At & {
      readonly code: 'reserved-address'
      readonly by: 'gateway' | 'network' | 'broadcast' | 'last'
      readonly subnet: ObjectRef
    })
  | (At & {
      readonly code: 'excluded-address'
      readonly subnet: ObjectRef
      /** Whether this version of Kube-OVN hands the address out to others once it is released. */
      readonly isReused: boolean
    })
  | (At & { readonly code: 'excluded-reused'; readonly subnet: ObjectRef; readonly excluded: string })
  | (At & {
      readonly code: 'address-in-use'
      readonly holder: ObjectRef
      readonly holderField: string
      /** An address of the Subnet that nobody holds; undefined when there is none. */
      readonly nearest: AddressRange | undefined
    })
  | (At & { readonly code: 'in-ip-pool'; readonly pool: ObjectRef })
  /** `isStuck`: with this version an OvnEip there never gets a status; else its IPv6 address is forgotten at a restart. */
  | (At & { readonly code: 'ipv6-subnet'; readonly subnet: ObjectRef; readonly isStuck: boolean })
  | (At & { readonly code: 'named-like-port'; readonly port: ObjectRef })
  /** `namespace` undefined: none of that name exists, yet. */
  | (At & { readonly code: 'named-like-pod'; readonly namespace: string | undefined })
  | (At & { readonly code: 'named-like-gateway-port'; readonly vpc: ObjectRef; readonly subnet: ObjectRef })
  | (At & { readonly code: 'named-like-holder'; readonly other: ObjectRef; readonly subnet: string })
  | (At & { readonly code: 'changed-eip'; readonly was: string })
  | (At & { readonly code: 'used-by-nat'; readonly rules: readonly ObjectRef[] })
  | (At & { readonly code: 'gateway-port'; readonly vpc: ObjectRef; readonly subnet: ObjectRef })
  | (At & { readonly code: 'deletes-port'; readonly port: ObjectRef })
  | (At & { readonly code: 'status-write'; readonly was: string })
  | (At & { readonly code: 'unknown-eip' })
  /** `owner` is '' for the platform. */
  | (At & { readonly code: 'foreign-eip'; readonly owner: string })
  | (At & {
      readonly code: 'no-free-addresses'
      readonly subnet: ObjectRef
      readonly family: 4 | 6
      readonly needed: number
      readonly free: number
    })
  | (At & { readonly code: 'unmapped-eip' })
  | (At & { readonly code: 'subnet-not-granted'; readonly granted: readonly string[] })
  | (At & { readonly code: 'static-address-denied' })
  | (At & { readonly code: 'exhausted-subnet'; readonly subnet: ObjectRef; readonly family: 4 | 6 })
