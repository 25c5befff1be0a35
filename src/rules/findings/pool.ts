import type { ParseProblem } from '../../address/parse.ts'
import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { Alternative, At } from './at.ts'

/** The facts that rules state about pools. */
export type PoolFinding =
  | (At & { readonly code: 'unparsable-range'; readonly problem: ParseProblem })
  | (At & { readonly code: 'no-addresses' })
  | (At & {
      readonly code: 'shares-with'
      readonly range: AddressRange
      readonly other: ObjectRef
    } & Alternative)
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
  | (At & { readonly code: 'wrong-namespace'; readonly expected: string })
  | (At & { readonly code: 'dedicated-pool'; readonly tenant: string; readonly globalPool: string })
