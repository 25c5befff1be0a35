import type { ParseProblem } from '../../address/parse.ts'
import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At, Occupant } from './at.ts'

/** The facts that rules state about OvnEips, Subnets and Vpcs. */
export type KubeOvnFinding =
  | (At & { readonly code: 'unknown-subnet'; readonly subnet: string })
  | (At & { readonly code: 'no-provider-subnet'; readonly subnet: string })
  | (At & { readonly code: 'unparsable-address'; readonly problem: ParseProblem })
  | (At & { readonly code: 'wrong-family'; readonly expected: 4 | 6 })
  | (At & { readonly code: 'outside-subnet'; readonly subnet: ObjectRef; readonly cidrBlock: string })
  | (At & { readonly code: 'system-type'; readonly allowed: readonly string[] })
  | (At & { readonly code: 'unknown-type'; readonly allowed: readonly string[] })
  | (At & { readonly code: 'no-such-node' })
  | (At & {
      readonly code: 'subnet-not-validated'
      readonly subnet: string
      readonly globalSubnets: readonly string[]
    })
  | (At & {
      readonly code: 'foreign-subnet'
      readonly subnet: string
      readonly owner: string
      readonly granted: readonly string[]
    })
  | (At & {
      readonly code: 'outside-tenant-subnet'
      readonly subnet: string
      readonly granted: readonly string[]
    })
  | (At & {
      readonly code: 'subnet-shares'
      readonly subnet: ObjectRef
      /** What makes it an object of the shared address space: it gives addresses out, or comes to, or is routed as a whole. */
      readonly as: 'provider' | 'attached' | 'overlay'
      readonly range: AddressRange
    } & Occupant)
  | (At & {
      readonly code: 'multi-dgp'
      readonly vpc: ObjectRef
      readonly subnet: string
      /** Every provider subnet the router would have a gateway port on, sorted. */
      readonly subnets: readonly string[]
    })
