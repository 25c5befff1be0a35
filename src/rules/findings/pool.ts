import type { ParseProblem } from '../../address/parse.ts'
import type { AddressRange, Family } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { AddressCounts, Level } from '../address-counts.ts'
import type { Alternative, At, Occupant } from './at.ts'

/** The facts that rules state about pools. */
export type PoolFinding =
  | (At & { readonly code: 'unparsable-range'; readonly problem: ParseProblem })
  | (At & { readonly code: 'no-addresses' })
  | (At & {
      readonly code: 'shares-with'
      readonly range: AddressRange
    } & Occupant &
      Alternative)
  /** What a range of the cluster has of a pool. */
  | (At & { readonly code: 'covers-pool'; readonly range: AddressRange } & Occupant)
  | (At & { readonly code: 'repeats-itself'; readonly range: AddressRange; readonly otherField: string })
  | (At & {
      readonly code: 'outside-node-subnets'
      readonly range: AddressRange
      /** The advertisement that announces it by L2, or undefined when nothing selects the pool yet. */
      readonly announcedBy: ObjectRef | undefined
      readonly nodeSubnets: readonly string[]
    } & Alternative)
  | (At & {
      readonly code: 'reserved'
      readonly range: AddressRange
      /** Why nobody may use it: the plan's purpose, or the protocol's. */
      readonly reason:
        | { readonly by: 'plan'; readonly purpose: string; readonly owner: string; readonly text: string }
        | { readonly by: 'vlan'; readonly tenant: string; readonly text: string }
        | { readonly by: 'network' | 'broadcast' | 'gateway'; readonly subnet: string }
        | { readonly by: 'loopback' | 'multicast' | 'link-local' | 'unspecified' | 'limited-broadcast' }
    } & Alternative)
  | (At & {
      readonly code: 'unallocated'
      readonly range: AddressRange
      /** Where the pool may lie, as the plan writes it. */
      readonly allocations: readonly string[]
    } & Alternative)
  | (At & {
      readonly code: 'allocated-to-l2'
      readonly range: AddressRange
    } & Alternative)
  | (At & {
      readonly code: 'in-use'
      /** What the write does that MetalLB takes the addresses away for. */
      readonly because: 'deleted' | 'addresses' | 'avoidBuggyIPs' | 'serviceAllocation'
      /** The first few of the Services, by address. */
      readonly services: readonly { readonly ref: ObjectRef; readonly addresses: readonly string[] }[]
      /** How many they are in all. */
      readonly total: number
    })
  | (At & { readonly code: 'wrong-namespace'; readonly expected: string })
  | (At & { readonly code: 'dedicated-pool'; readonly tenant: string; readonly globalPool: string })
  | (At & {
      readonly code: 'open-selector'
      /** Services of every namespace that these select may have the pool; otherwise all that ask for it. */
      readonly hasServiceSelectors: boolean
    })
  | (At & {
      readonly code: 'unadvertised'
      /** The advertisement that announced the stored pool, by labels that this write takes away. */
      readonly lost: ObjectRef | undefined
    })
  | (At & { readonly code: 'nothing-usable'; readonly family: Family })
  | (At & {
      readonly code: 'nearly-full'
      readonly family: Family
      readonly counts: AddressCounts
      readonly level: Exclude<Level, 'ok'>
      /** The threshold of the plan that is reached. */
      readonly percent: number
    })
  | (At & { readonly code: 'too-large'; readonly range: AddressRange; readonly prefix: number })
