import type { ParseProblem } from '../../address/parse.ts'
import type { AddressRange, Family } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { PortRange } from '../../policy/port-range.ts'
import type { FamilyRoom } from '../pool-room.ts'
import type { At, Use } from './at.ts'

/** Who else has an address that a Service names; `note` is the plan's words, '' for objects. */
export interface Owner {
  readonly use: Use | 'service' | 'vlan' | 'subnet-itself'
  readonly other: ObjectRef
  readonly note: string
}

/** Of Services whose type has changed since everything counts anew, so the type is part of the fact. */
interface Typed {
  readonly serviceType: string
}

/** The facts that rules state about what policies let Services ask for. */
export type ServiceLimitFinding =
  | (At & { readonly code: 'type-not-allowed'; readonly allowed: readonly string[] })
  /** '' in `allowed` stands for none. */
  | (At & { readonly code: 'class-not-allowed'; readonly allowed: readonly string[] })
  | (At &
      Typed & { readonly code: 'port-denied'; readonly as: 'port' | 'nodePort'; readonly denied: PortRange })
  | (At & Typed & { readonly code: 'external-ip-unparsable'; readonly problem: ParseProblem })
  | (At & Typed & { readonly code: 'external-ip-not-allowed'; readonly allowed: readonly string[] })
  | (At & Typed & { readonly code: 'external-ip-taken' } & Owner)
  | (At & { readonly code: 'source-range-unparsable'; readonly problem: ParseProblem })
  | (At & {
      readonly code: 'source-range-not-allowed'
      readonly range: AddressRange
      readonly allowed: readonly string[]
    })
  | (At & {
      readonly code: 'source-ranges-missing'
      /** Of which family none is stated, though the Service has an address of it; undefined: none at all. */
      readonly family: Family | undefined
      /** Whether the annotation states some, which kube-proxy does not obey. */
      readonly isAnnotated: boolean
    })
  | (At & { readonly code: 'address-request-denied' })
  | (At & { readonly code: 'address-outside-grants'; readonly granted: readonly string[] })
  | (At & { readonly code: 'sharing-denied' })
  | (At & {
      readonly code: 'pools-exhausted'
      readonly pools: readonly string[]
      /** undefined: of both, and no single pool has one of each left. */
      readonly family: Family | undefined
      /** Of all these pools together, of each family that the Service needs an address of. */
      readonly counts: readonly FamilyRoom[]
    })
