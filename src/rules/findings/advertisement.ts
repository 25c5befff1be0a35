import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** The facts that rules state about advertisements. */
export type AdvertisementFinding =
  | (At & { readonly code: 'unknown-pool'; readonly near: string | undefined })
  | (At & { readonly code: 'unknown-peer'; readonly near: string | undefined })
  | (At & { readonly code: 'unknown-community'; readonly near: string | undefined })
  | (At & { readonly code: 'selects-nothing'; readonly kind: 'IPAddressPool' | 'Node' })
  | (At & {
      readonly code: 'announced-off-subnet'
      readonly pool: ObjectRef
      readonly poolField: string
      readonly range: AddressRange
      readonly nodeSubnets: readonly string[]
    })
  | (At & {
      readonly code: 'announced-from-other-subnet'
      readonly pool: ObjectRef
      readonly poolField: string
      readonly range: AddressRange
      readonly nodeSubnet: string
      readonly node: string
      readonly nodes: number
    })
  | (At & {
      readonly code: 'announced-by-nodes-elsewhere'
      readonly advertisement: ObjectRef
      readonly range: AddressRange
      readonly nodeSubnet: string
      readonly node: string
      readonly nodes: number
    })
  | (At & {
      readonly code: 'interface-not-on-subnet'
      /** The node subnets that are announced, and the interfaces that the plan gives them. */
      readonly nodeSubnets: readonly string[]
      readonly interfaces: readonly string[]
    })
  | (At & {
      readonly code: 'subnet-without-interface'
      readonly pool: ObjectRef
      readonly nodeSubnet: string
      readonly interfaces: readonly string[]
    })
  | (At & {
      readonly code: 'announced-on-other-interface'
      readonly advertisement: ObjectRef
      readonly range: AddressRange
      readonly nodeSubnet: string
      readonly interfaces: readonly string[]
    })
  | (At & { readonly code: 'last-advertisement'; readonly pool: ObjectRef; readonly services: number })
  | (At & {
      readonly code: 'still-named'
      /** The first by name of the objects that name it, and how many there are. */
      readonly by: ObjectRef
      readonly count: number
    })
