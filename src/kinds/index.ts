import { subtract } from '../address/range.ts'
import { bfdProfile, type BFDProfile } from './bfd-profile.ts'
import { bgpAdvertisement, type BGPAdvertisement } from './bgp-advertisement.ts'
import { bgpPeer, type BGPPeer } from './bgp-peer.ts'
import type { Claim } from './claim.ts'
import { community, type Community } from './community.ts'
import { Cursor, type FieldError } from './decode.ts'
import { ip, type IP } from './ip.ts'
import { ipAddressPool, type IPAddressPool } from './ip-address-pool.ts'
import { ipPool, type IPPool } from './ip-pool.ts'
import { iptablesEIP, type IptablesEIP } from './iptables-eip.ts'
import type { KindDefinition } from './kind-definition.ts'
import { kamajiControlPlane, type KamajiControlPlane } from './kamaji-control-plane.ts'
import { l2Advertisement, type L2Advertisement } from './l2-advertisement.ts'
import { decodeMeta } from './meta.ts'
import { namespace, type Namespace } from './namespace.ts'
import { node, type Node } from './node.ts'
import type { ObjectRef } from './object-ref.ts'
import { ovnDnatRule, type OvnDnatRule } from './ovn-dnat-rule.ts'
import { ovnEip, type OvnEip } from './ovn-eip.ts'
import { ovnFip, type OvnFip } from './ovn-fip.ts'
import { ovnSnatRule, type OvnSnatRule } from './ovn-snat-rule.ts'
import { routerLBRule, type RouterLBRule } from './router-lb-rule.ts'
import { service, type Service } from './service.ts'
import { serviceCIDR, type ServiceCIDR } from './service-cidr.ts'
import { subnet, type Subnet } from './subnet.ts'
import { tenantControlPlane, type TenantControlPlane } from './tenant-control-plane.ts'
import { tenant, type Tenant } from './tenant.ts'
import { switchLBRule, type SwitchLBRule } from './switch-lb-rule.ts'
import { vip, type Vip } from './vip.ts'
import { vpc, type Vpc } from './vpc.ts'
import { vpcEgressGateway, type VpcEgressGateway } from './vpc-egress-gateway.ts'

/** Every kind the program reads. A new kind is its file, one line here, one in `KINDS` and one in inventory/inventory.ts. */
export interface Kinds {
  readonly IPAddressPool: IPAddressPool
  readonly L2Advertisement: L2Advertisement
  readonly BGPAdvertisement: BGPAdvertisement
  readonly BGPPeer: BGPPeer
  readonly BFDProfile: BFDProfile
  readonly Community: Community
  readonly Service: Service
  readonly OvnEip: OvnEip
  readonly OvnFip: OvnFip
  readonly OvnDnatRule: OvnDnatRule
  readonly OvnSnatRule: OvnSnatRule
  readonly RouterLBRule: RouterLBRule
  readonly IP: IP
  readonly IPPool: IPPool
  readonly IptablesEIP: IptablesEIP
  readonly Vip: Vip
  readonly SwitchLBRule: SwitchLBRule
  readonly VpcEgressGateway: VpcEgressGateway
  readonly Subnet: Subnet
  readonly Vpc: Vpc
  readonly Node: Node
  readonly Namespace: Namespace
  readonly ServiceCIDR: ServiceCIDR
  readonly Tenant: Tenant
  readonly TenantControlPlane: TenantControlPlane
  readonly KamajiControlPlane: KamajiControlPlane
}

export type KindName = keyof Kinds
export type AnyObject = Kinds[KindName]

export const KINDS: { readonly [K in KindName]: KindDefinition<Kinds[K]> } = {
  IPAddressPool: ipAddressPool,
  L2Advertisement: l2Advertisement,
  BGPAdvertisement: bgpAdvertisement,
  BGPPeer: bgpPeer,
  BFDProfile: bfdProfile,
  Community: community,
  Service: service,
  OvnEip: ovnEip,
  OvnFip: ovnFip,
  OvnDnatRule: ovnDnatRule,
  OvnSnatRule: ovnSnatRule,
  RouterLBRule: routerLBRule,
  IP: ip,
  IPPool: ipPool,
  IptablesEIP: iptablesEIP,
  Vip: vip,
  SwitchLBRule: switchLBRule,
  VpcEgressGateway: vpcEgressGateway,
  Subnet: subnet,
  Vpc: vpc,
  Node: node,
  Namespace: namespace,
  ServiceCIDR: serviceCIDR,
  Tenant: tenant,
  TenantControlPlane: tenantControlPlane,
  KamajiControlPlane: kamajiControlPlane
}

export const KIND_NAMES: readonly KindName[] = Object.keys(KINDS).filter(isKindName)

export function isKindName(name: string): name is KindName {
  return Object.hasOwn(KINDS, name)
}

/** The kinds whose objects hold addresses of a Kube-OVN Subnet, in the domain `subnet:NAME`. */
export const SUBNET_KINDS: readonly KindName[] = [
  'Subnet',
  'OvnEip',
  'IP',
  'IPPool',
  'IptablesEIP',
  'Vip',
  'VpcEgressGateway'
]

/** An object as decoded; `ok: false` when a field that decisions read has the wrong type. */
export type Decoded<T> =
  { readonly ok: true; readonly object: T } | { readonly ok: false; readonly errors: readonly FieldError[] }

/** Reads an object of a known kind from JSON. Unknown fields are ignored, absent ones take the API's defaults. */
export function decodeObject<K extends KindName>(kind: K, json: unknown): Decoded<Kinds[K]> {
  const errors: FieldError[] = []
  const cursor = new Cursor(json, '', errors)
  const object = KINDS[kind].decode(cursor, decodeMeta(cursor))
  return errors.length === 0 ? { ok: true, object } : { ok: false, errors }
}

/** The ranges an object holds, by its kind. */
export function claimsOf<K extends KindName>(kind: K, object: Kinds[K]): readonly Claim[] {
  return KINDS[kind].claims(object)
}

/** The object with this many replicas; undefined for kinds without a scale subresource. */
export function scaled<K extends KindName>(
  kind: K,
  object: Kinds[K],
  replicas: number
): Kinds[K] | undefined {
  return KINDS[kind].scaled?.(object, replicas)
}

/**
 * True when `object` may break a rule that `oldObject` did not: it claims addresses the old one did not, or something
 * else that rules judge differs. False for metadata-only updates and for shrinking ones.
 */
export function grows<K extends KindName>(kind: K, oldObject: Kinds[K], object: Kinds[K]): boolean {
  return lacks(kind, oldObject, object) || isJudgedAnew(kind, object, oldObject)
}

/**
 * True when `oldObject` had something that `object` has no more: addresses, or whatever else rules judge differs, or what
 * the kind's own `loses` says. False for metadata-only updates and for growing ones.
 */
export function loses<K extends KindName>(kind: K, oldObject: Kinds[K], object: Kinds[K]): boolean {
  return (
    lacks(kind, object, oldObject) ||
    isJudgedAnew(kind, object, oldObject) ||
    (KINDS[kind].loses?.(oldObject, object) ?? false)
  )
}

/** Whether `object` claims less than all that `other` claims. */
function lacks<K extends KindName>(kind: K, object: Kinds[K], other: Kinds[K]): boolean {
  const ranges = (of: Kinds[K]) => KINDS[kind].claims(of).map(claim => claim.range)
  return subtract(ranges(other), ranges(object)).length > 0
}

function isJudgedAnew<K extends KindName>(kind: K, object: Kinds[K], oldObject: Kinds[K]): boolean {
  return canonical(KINDS[kind].judged(object)) !== canonical(KINDS[kind].judged(oldObject))
}

/** One text for equal values, whatever the order of keys in Maps. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member instanceof Map ? [...member].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)) : member
  )
}

/** The kind that group and kind name denote, or undefined when it is none of ours. `version` is not compared. */
export function kindOf(group: string, kind: string): KindName | undefined {
  return isKindName(kind) && KINDS[kind].group === group ? kind : undefined
}

/** The kind that a group and plural resource denote, or undefined. */
export function kindOfResource(group: string, resource: string): KindName | undefined {
  return KIND_NAMES.find(name => KINDS[name].group === group && KINDS[name].resource === resource)
}

/** Names the object; `namespace` is '' for cluster-scoped kinds whatever the object says. */
export function refOf(object: AnyObject): ObjectRef {
  const namespaced = KINDS[object.kind].namespaced
  return {
    kind: object.kind,
    namespace: namespaced ? object.meta.namespace : '',
    name: object.meta.name
  }
}
