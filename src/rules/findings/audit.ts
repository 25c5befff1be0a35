import type { AddressRange } from '../../address/range.ts'
import type { ObjectRef } from '../../kinds/object-ref.ts'
import type { At } from './at.ts'

/** Facts about stored objects that no write is refused for: an audit and the watch state them. */
export type AuditFinding =
  | (At & {
      readonly code: 'node-in-pool'
      /** Whether `value` is the node's own address or the range its pods take theirs from. */
      readonly holds: 'address' | 'pod-range'
      readonly pool: ObjectRef
      /** The addresses that both hold. */
      readonly range: AddressRange
    })
  | (At & { readonly code: 'unknown-reference'; readonly missing: ObjectRef })
