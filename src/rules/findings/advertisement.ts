import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** The facts that rules state about advertisements. */
export type AdvertisementFinding =
  | (At & { readonly code: 'unknown-pool'; readonly near: string | undefined })
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
