import type { ParseProblem } from '../../address/parse.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** The facts that rules state about Services. */
export type ServiceFinding =
  | (At & {
      readonly code: 'pool-not-granted'
      readonly pool: string
      /** How the Service comes to that pool: named, by a requested address, or as MetalLB's own choice. */
      readonly via: 'named' | 'address' | 'any'
      /** '' when the namespace is nobody's for certain: its labels and owner disagree, or it is untrusted. */
      readonly tenant: string
      readonly granted: readonly string[]
    })
  | (At & { readonly code: 'request-unparsable'; readonly problem: ParseProblem })
  /** Two places ask for addresses, or two prefixes say different things. */
  | (At & { readonly code: 'asks-twice'; readonly otherField: string; readonly otherValue: string })
  | (At & { readonly code: 'too-many-addresses'; readonly count: number })
  | (At & { readonly code: 'same-family'; readonly otherValue: string })
  | (At & { readonly code: 'not-its-family'; readonly ipFamilies: readonly string[] })
  | (At & { readonly code: 'not-in-pool'; readonly pool: string })
  | (At & { readonly code: 'in-no-pool'; readonly granted: readonly string[] })
  | (At & {
      readonly code: 'held-by'
      readonly other: ObjectRef
      /** Whether the same tenant, or the platform as well, has the other object. */
      readonly isOwn: boolean
    })
  | (At & {
      readonly code: 'shares-key'
      readonly other: ObjectRef
      readonly others: number
      /** Whether the same owner has the other one, in another namespace. */
      readonly isOwn: boolean
    })
  | (At & { readonly code: 'service-status-write' })
