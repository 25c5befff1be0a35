import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** The facts that rules state about routers, provider Subnets and tenants in VLAN mode. */
export type VpcFinding =
  | (At & {
      /** A tenant in VLAN mode takes addresses from OVN. */
      readonly code: 'vlan-mode'
      /** '' where the whole plan is in VLAN mode and nobody is named. */
      readonly tenant: string
      /** How the plan exposes the tenant's Services; undefined where it does not say. */
      readonly exposure: 'ccmProxy' | 'tenantMetalLB' | undefined
      /** The pool of the CCM proxy. */
      readonly pool: string | undefined
    })
  | (At & {
      /** Gateway ports that all lie on shared Subnets, or one beside `bfd@VPC`: the same defect, warned of only. */
      readonly code: 'several-ports'
      readonly vpc: ObjectRef
      readonly subnets: readonly string[]
      readonly bfdPort: boolean
      readonly atMost: 'warn'
    })
  | (At & {
      /** Several gateway ports by the plan's assumeFixed, which does not hold here. */
      readonly code: 'not-fixed'
      readonly vpc: ObjectRef
      readonly unmet: UnmetPrecondition
      readonly atMost: 'warn'
    })
  | (At & {
      /** Addresses of a Subnet that are in use would be none of its to give any more. */
      readonly code: 'subnet-in-use'
      readonly loss: SubnetLoss
      /** Who holds which, ascending by address; the first 16. */
      readonly users: readonly AddressUser[]
      /** All of them. */
      readonly count: number
    })
  | (At & {
      /** Part of a provider Subnet that the edge router sends nothing to. */
      readonly code: 'unrouted'
      readonly subnet: ObjectRef
      readonly range: AddressRange
    })

/** What multiDGP: assumeFixed presumes and is not so. `nodes` undefined: it could not be read how many there are. */
export type UnmetPrecondition =
  | { readonly by: 'version'; readonly version: string }
  | { readonly by: 'gateway-nodes'; readonly nodes: number | undefined }

/** How a Subnet loses an address: it leaves cidrBlock, becomes the gateway, is excluded, changes VLANs, or all of it goes. */
export type SubnetLoss = 'outside' | 'gateway' | 'excluded' | 'vlan' | 'deleted'

/** An object and the address it holds. */
export interface AddressUser {
  readonly holder: ObjectRef
  readonly range: AddressRange
}
