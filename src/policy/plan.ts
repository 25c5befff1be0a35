import type { AddressRange } from '../address/range.ts'
import type { LabelSelector } from '../kinds/label-selector.ts'
import type { WideningDeclaration } from './widening/declaration.ts'

/** Whom a Service is for; it selects among the tenant's grants and never widens them. */
export const SERVICE_CLASSES = ['controlPlane', 'mirrored', 'direct'] as const
export type ServiceClass = (typeof SERVICE_CLASSES)[number]

/** The controllers a plan can name. */
export const CONTROLLER_NAMES = ['metallb', 'kubeOvn', 'kamaji', 'ccm', 'cpo', 'capi', 'gitops'] as const
export type ControllerName = (typeof CONTROLLER_NAMES)[number]

export type NetworkingMode = 'overlay' | 'vlan'

/** A range as parsed, as written, and where it stands in the plan, such as `spec.reservedRanges[0].range`. */
export interface PlanRange {
  readonly range: AddressRange
  readonly text: string
  readonly field: string
}

/** A subnet the nodes are in; always a whole prefix, host bits masked. `field` is of the CIDR. */
export interface NodeSubnet extends PlanRange {
  /** One address inside the prefix; undefined when the plan names none. */
  readonly gateway: AddressRange | undefined
  /** The interfaces on this subnet; undefined when the plan does not restrict them. */
  readonly interfaces: readonly string[] | undefined
  /** Which nodes are on this subnet; undefined when the plan does not say. */
  readonly nodeSelector: LabelSelector | undefined
}

/** A range nobody may use. `purpose` and `owner` are '' when not given. */
export interface ReservedRange extends PlanRange {
  readonly purpose: string
  readonly owner: string
}

/** A range the network team handed over for pools. */
export interface Allocation extends PlanRange {
  readonly purpose: string
  readonly announcement: 'l2' | 'bgp'
}

/** What tenants share. undefined: the plan does not say, so it does not restrict; an empty list grants nothing. */
export interface GlobalPool {
  readonly ipAddressPool: string | undefined
  /** Only the classes whose pool differs from `ipAddressPool`. */
  readonly ipAddressPoolByClass: ReadonlyMap<ServiceClass, string>
  readonly externalSubnets: readonly string[] | undefined
  /** One of `externalSubnets`. */
  readonly defaultExternalSubnet: string | undefined
}

/** One public address that the edge router translates to one address of ours; each a range of one address. */
export interface NatMapping {
  readonly publicIP: PlanRange
  readonly eip: PlanRange
}

/** How provider addresses are reached from outside. `providerCIDRs` undefined: whatever is routed. */
export type EdgeRouter =
  | { readonly mode: 'directRouting'; readonly providerCIDRs: readonly PlanRange[] | undefined }
  | { readonly mode: 'edgeNAT'; readonly mappings: readonly NatMapping[] }

/** Who an account acts for: a tenant by name, or the one that a label of the object names. Exact user name. */
export interface OwnerMapping {
  readonly user: string
  readonly owner: { readonly tenant: string } | { readonly tenantFromLabel: string }
}

/** The same for Services in the platform's namespaces; they may also be of whom the namespace is that a label names. */
export interface ServiceOwner {
  readonly user: string
  readonly owner: OwnerMapping['owner'] | { readonly namespaceFromLabel: string }
}

/**
 * How a VLAN tenant's Services are exposed. With `ccmProxy` they take addresses from a pool of the under cluster; with
 * `tenantMetalLB` the VLAN is an address domain of its own, unless `routed`.
 */
export type TenantVlan =
  | { readonly exposure: 'ccmProxy'; readonly ipAddressPool: string; readonly range: PlanRange | undefined }
  | { readonly exposure: 'tenantMetalLB'; readonly range: PlanRange | undefined; readonly routed: boolean }

/** A tenant that differs from the rest. */
export interface TenantEntry {
  readonly name: string
  /** The plan's own where the entry does not say. */
  readonly networkingMode: NetworkingMode
  /** undefined for overlay tenants, and for VLAN tenants the plan says no more about. */
  readonly vlan: TenantVlan | undefined
  /** Provider Subnets of this tenant alone; empty for none. */
  readonly externalSubnets: readonly string[]
}

export interface PlanTenancy {
  /** Namespace label keys that name a tenant, the first one present decides. */
  readonly namespaceLabels: readonly string[]
  readonly unlabelledNamespaces: 'platform' | 'untrusted'
  readonly serviceOwners: readonly ServiceOwner[]
  /** The first whose user matches decides. */
  readonly ovnEipOwners: readonly OwnerMapping[]
  readonly unmappedOvnEips: 'warn' | 'deny'
  readonly tenants: ReadonlyMap<string, TenantEntry>
}

/** A NetworkPlan with its ranges parsed and its defaults filled in: what the network is. */
export interface Plan {
  readonly name: string
  readonly scope: 'underCluster' | 'tenantCluster'
  /** Whose cluster this is; undefined exactly when the scope is `underCluster`. */
  readonly tenant: string | undefined
  readonly networkingMode: NetworkingMode
  /** undefined: not stated, so membership cannot be judged. */
  readonly nodeSubnets: readonly NodeSubnet[] | undefined
  readonly reservedRanges: readonly ReservedRange[]
  /** In addition to what ServiceCIDR objects and Nodes say. */
  readonly clusterRanges: { readonly services: readonly PlanRange[]; readonly pods: readonly PlanRange[] }
  /** undefined: pools may lie anywhere. */
  readonly allocations: readonly Allocation[] | undefined
  readonly metallb: {
    readonly namespace: string
    /** '' for Services without a class. */
    readonly loadBalancerClass: string
    readonly bgpType: 'native' | 'frr' | 'frr-k8s' | 'frr-k8s-external'
    readonly poolAnnotation: string
  }
  readonly kubeOvn: { readonly version: string; readonly multiDGP: 'blocked' | 'assumeFixed' }
  readonly globalPool: GlobalPool
  readonly poolModel: 'global' | 'perTenant'
  readonly edgeRouter: EdgeRouter | undefined
  readonly capacity: { readonly warnPercent: number; readonly criticalPercent: number }
  /** Who may write platform objects, and namespaces that are the platform's without a label. */
  readonly platform: {
    readonly users: readonly string[]
    readonly groups: readonly string[]
    readonly namespaces: readonly string[]
  }
  /** Exact user names; every controller has an entry, empty when none is known. */
  readonly controllers: ReadonlyMap<ControllerName, readonly string[]>
  readonly tenancy: PlanTenancy
  readonly widenings: readonly WideningDeclaration[]
}

/** The mode of a tenant's network: its own entry's, else the plan's. */
export function networkingModeOf(plan: Plan, tenant: string): NetworkingMode {
  return plan.tenancy.tenants.get(tenant)?.networkingMode ?? plan.networkingMode
}
