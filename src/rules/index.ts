import type { Action } from '../policy/action.ts'
import { advertisementInUse } from './advertisement-in-use.ts'
import { advertisementInterface } from './advertisement-interface.ts'
import { advertisementOffSubnet } from './advertisement-off-subnet.ts'
import { advertisementSelectsNothing } from './advertisement-selects-nothing.ts'
import { advertisementSyntax } from './advertisement-syntax.ts'
import { advertisementUnknownPool } from './advertisement-unknown-pool.ts'
import { advertisementWrongNamespace } from './advertisement-wrong-namespace.ts'
import { controlPlaneAddress } from './control-plane-address.ts'
import { egressGatewayAddress } from './egress-gateway-address.ts'
import { eipAddressFamily } from './eip-address-family.ts'
import { eipAddressInUse } from './eip-address-in-use.ts'
import { eipChange } from './eip-change.ts'
import { eipInUse } from './eip-in-use.ts'
import { eipNameCollision } from './eip-name-collision.ts'
import { eipNotGranted } from './eip-not-granted.ts'
import { eipOutsideSubnet } from './eip-outside-subnet.ts'
import { eipPerTenant } from './eip-per-tenant.ts'
import { eipQuota } from './eip-quota.ts'
import { eipReservedAddress } from './eip-reserved-address.ts'
import { eipStatus } from './eip-status.ts'
import { eipSyntax } from './eip-syntax.ts'
import { eipType } from './eip-type.ts'
import { eipUnknownSubnet } from './eip-unknown-subnet.ts'
import { eipVlanMode } from './eip-vlan-mode.ts'
import { poolClusterRange } from './pool-cluster-range.ts'
import { poolInUse } from './pool-in-use.ts'
import { poolNodeAddress } from './pool-node-address.ts'
import { poolOpenSelector } from './pool-open-selector.ts'
import { namespaceTenant } from './namespace-tenant.ts'
import { loadBalancerClass } from './load-balancer-class.ts'
import { natForeignEip } from './nat-foreign-eip.ts'
import { poolOutsideNodeSubnet } from './pool-outside-node-subnet.ts'
import { poolOverlap } from './pool-overlap.ts'
import { poolPerTenant } from './pool-per-tenant.ts'
import { poolProviderNetwork } from './pool-provider-network.ts'
import { poolReservedRange } from './pool-reserved-range.ts'
import { poolSyntax } from './pool-syntax.ts'
import { poolTooLarge } from './pool-too-large.ts'
import { poolUnadvertised } from './pool-unadvertised.ts'
import { poolUnallocated } from './pool-unallocated.ts'
import { poolUnusable } from './pool-unusable.ts'
import { poolWrongNamespace } from './pool-wrong-namespace.ts'
import type { AnyRule } from './rule.ts'
import { serviceAddressConflict } from './service-address-conflict.ts'
import { serviceAddressInUse } from './service-address-in-use.ts'
import { serviceAddressNotGranted } from './service-address-not-granted.ts'
import { serviceExternalIPs } from './service-external-ips.ts'
import { servicePoolExhausted } from './service-pool-exhausted.ts'
import { servicePoolNotGranted } from './service-pool-not-granted.ts'
import { servicePort } from './service-port.ts'
import { serviceSourceRanges } from './service-source-ranges.ts'
import { subnetInUse } from './subnet-in-use.ts'
import { subnetOverlap } from './subnet-overlap.ts'
import { subnetUnrouted } from './subnet-unrouted.ts'
import { serviceQuota } from './service-quota.ts'
import { serviceSharedAddress } from './service-shared-address.ts'
import { serviceStatus } from './service-status.ts'
import { serviceType } from './service-type.ts'
import { subnetPoolExhausted } from './subnet-pool-exhausted.ts'
import { vpcMultiDGP } from './vpc-multi-dgp.ts'
import { vpcPerTenant } from './vpc-per-tenant.ts'

/**
 * Every rule, in the order a reader meets its findings: what cannot be read first, then what collides, then where it
 * may not be, then whose it is, then who uses what it takes away. Retired ids stay here as comments and are never used again; so far there are none.
 */
export const RULES: readonly AnyRule[] = Object.freeze([
  poolSyntax,
  poolOverlap,
  poolNodeAddress,
  poolClusterRange,
  poolProviderNetwork,
  poolOutsideNodeSubnet,
  poolReservedRange,
  poolUnallocated,
  poolWrongNamespace,
  poolPerTenant,
  poolInUse,
  advertisementSyntax,
  poolOpenSelector,
  poolUnadvertised,
  poolUnusable,
  poolTooLarge,
  advertisementUnknownPool,
  advertisementSelectsNothing,
  advertisementOffSubnet,
  advertisementInterface,
  advertisementWrongNamespace,
  advertisementInUse,
  namespaceTenant,
  controlPlaneAddress,
  serviceAddressConflict,
  serviceType,
  loadBalancerClass,
  serviceAddressInUse,
  serviceSharedAddress,
  servicePoolNotGranted,
  serviceAddressNotGranted,
  serviceExternalIPs,
  serviceSourceRanges,
  servicePort,
  servicePoolExhausted,
  serviceQuota,
  serviceStatus,
  eipSyntax,
  eipAddressInUse,
  eipNameCollision,
  eipUnknownSubnet,
  eipOutsideSubnet,
  eipReservedAddress,
  eipType,
  eipVlanMode,
  eipPerTenant,
  eipNotGranted,
  eipQuota,
  subnetOverlap,
  eipChange,
  eipInUse,
  eipStatus,
  eipAddressFamily,
  natForeignEip,
  egressGatewayAddress,
  subnetPoolExhausted,
  vpcMultiDGP,
  vpcPerTenant,
  subnetInUse,
  subnetUnrouted
])

/** Each rule's id and its own action, for policies to be checked against. */
export const RULE_ACTIONS: ReadonlyMap<string, Action> = new Map(
  RULES.map(rule => [rule.id, rule.defaultAction])
)
