import type { ParseProblem } from '../address/parse.ts'
import type { AddressRange } from '../address/range.ts'
import type { KindName } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'

/** What every finding has: the field it is about, the value found there, and the other objects it rests on. */
interface At {
  readonly field: string
  readonly value: string
  /** The objects whose presence or content (or absence) made this a finding; they are read live before a denial. */
  readonly restsOn: readonly ObjectRef[]
  /** The strictest action this finding may lead to, whatever its rule's is; absent when there is no such limit. */
  readonly atMost?: 'warn'
}

/** Ways out of a range finding, the best one first; undefined where there is none. All lie where pools may lie. */
export interface Alternative {
  /** The free range nearest to the value, with as many addresses. */
  readonly nearest: AddressRange | undefined
  /** The largest part of the value itself that is free. */
  readonly largestPart: AddressRange | undefined
  /** The largest free range of all. */
  readonly largestFree: AddressRange | undefined
}

/** The facts a rule can state, one member per `code`. The words for each are in admission/wording. */
export type Finding =
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
        | { readonly by: 'network' | 'broadcast' | 'gateway'; readonly subnet: string }
        | { readonly by: 'loopback' | 'multicast' | 'link-local' | 'unspecified' | 'limited-broadcast' }
    } & Alternative)
  | (At & { readonly code: 'wrong-namespace'; readonly expected: string })
  | (At & { readonly code: 'dedicated-pool'; readonly tenant: string; readonly globalPool: string })
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
  | (At & {
      readonly code: 'pool-not-granted'
      readonly pool: string
      /** How the Service comes to that pool: named, by a requested address, or as MetalLB's own choice. */
      readonly via: 'named' | 'address' | 'any'
      /** '' when the namespace is nobody's for certain: its labels and owner disagree, or it is untrusted. */
      readonly tenant: string
      readonly granted: readonly string[]
    })
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
      readonly code: 'multi-dgp'
      readonly vpc: ObjectRef
      readonly subnet: string
      /** Every provider subnet the router would have a gateway port on, sorted. */
      readonly subnets: readonly string[]
    })

export type FindingCode = Finding['code']

/** Why a rule could not judge. */
export type Unjudged =
  | { readonly code: 'unjudged'; readonly because: 'kind-unknown'; readonly kind: KindName }
  | { readonly code: 'unjudged'; readonly because: 'plan-silent'; readonly planField: string }
