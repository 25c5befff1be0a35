import type { AddressRange } from '../address/range.ts'
import type { LabelSelector } from '../kinds/label-selector.ts'
import type { Action } from './action.ts'
import type { Exemption } from './exemption.ts'
import type { AddressRequests, ServiceType, SharedAddresses } from './exposure-schema.ts'
import type { ServiceClass } from './plan.ts'
import type { PortRange } from './port-range.ts'

/** How many of something a tenant may have. */
export interface Quota {
  readonly limit: number
  /** The ExposurePolicy that says so. */
  readonly policy: string
  /** What is in these namespaces counts; undefined: all of the tenant's. */
  readonly namespaceSelector: LabelSelector | undefined
  /** Services of these classes count, and all of other kinds; undefined: of every class. */
  readonly serviceClasses: ReadonlySet<ServiceClass> | undefined
}

/** What a Service may ask for. undefined: not restricted; an empty list: nothing. */
export interface ServiceExposure {
  readonly allowedTypes: readonly ServiceType[] | undefined
  readonly addressRequests: AddressRequests | undefined
  /** The addresses that `spec.externalIPs` may hold: sorted, disjoint. */
  readonly externalIPs: readonly AddressRange[] | undefined
  /** `allowed` is where `spec.loadBalancerSourceRanges` must lie: sorted, disjoint. */
  readonly sourceRanges: { readonly required: boolean; readonly allowed: readonly AddressRange[] | undefined }
  /** '' stands for Services without a class. */
  readonly loadBalancerClasses: readonly string[] | undefined
  /** Neither as port nor as nodePort. Sorted, disjoint; empty for none. */
  readonly deniedPorts: readonly PortRange[]
  /** Not as nodePort, those of `deniedPorts` among them. Sorted, disjoint; empty for none. */
  readonly deniedNodePorts: readonly PortRange[]
  readonly sharedAddresses: SharedAddresses | undefined
  readonly loadBalancers: Quota | undefined
}

/** What an OvnEip may ask for. undefined: not restricted; an empty list: nothing. */
export interface OvnEipExposure {
  /** undefined: no policy says what is granted, so the plan does (`grantedSubnets` in grants.ts). */
  readonly externalSubnets: readonly string[] | undefined
  readonly staticAddresses: AddressRequests | undefined
  readonly quota: Quota | undefined
}

/** What the ExposurePolicies that apply to one request allow. Lists of names are sorted. */
export interface Limits {
  /** The policies that apply, by name. */
  readonly policies: readonly string[]
  /** Of the rules that one of them names. */
  readonly actions: ReadonlyMap<string, Action>
  /** The ids of the custom rules that these policies have, by which alone the request is judged. */
  readonly customRules: ReadonlySet<string>
  /** undefined: no policy says what is granted, so the plan does (`grantedPools` in grants.ts). */
  readonly pools: readonly string[] | undefined
  readonly services: ServiceExposure
  readonly ovnEips: OvnEipExposure
}

/** All that the ExposurePolicies say about one request. */
export interface Exposure extends Limits {
  /** Whether no policy selects by tenant, namespace or class, so that this holds for whatever there is. */
  readonly forAll: boolean
  /** Those that may match it. */
  readonly exemptions: readonly Exemption[]
}
