import type { NetworkPlan, NetworkPlanSpec } from './network-plan.ts'
import { CONTROLLER_NAMES, SERVICE_CLASSES } from './plan.ts'
import type { Allocation, EdgeRouter, GlobalPool, NodeSubnet, Plan, PlanRange, TenantEntry } from './plan.ts'
import type { OwnerMapping, PlanTenancy, ServiceClass, ServiceOwner } from './plan.ts'
import type { RangeText } from './range-text.ts'
import { wideningDeclarationsOf } from './widening/declaration.ts'
import type { OwnerMappingSpec, ServiceOwnerSpec, TenancySpec, TenantSpec } from './tenancy-schema.ts'

/** The plan that a NetworkPlan states. The document has passed `planProblems`. */
export function resolvePlan({ metadata, spec }: NetworkPlan): Plan {
  const { scope, networkingMode, metallb, kubeOvn, poolModel, capacity, platform } = spec
  return {
    name: metadata.name,
    scope,
    tenant: spec.tenant,
    networkingMode,
    nodeSubnets: spec.nodeSubnets?.map(nodeSubnet),
    reservedRanges: spec.reservedRanges.map(({ range, purpose, owner }, i) => ({
      ...planRange(range, `spec.reservedRanges[${i}].range`),
      purpose,
      owner
    })),
    clusterRanges: {
      services: planRanges(spec.clusterRanges.services, 'spec.clusterRanges.services'),
      pods: planRanges(spec.clusterRanges.pods, 'spec.clusterRanges.pods')
    },
    allocations: allocations(spec),
    metallb,
    kubeOvn,
    globalPool: globalPool(spec.globalPool),
    poolModel,
    edgeRouter: spec.edgeRouter && edgeRouter(spec.edgeRouter),
    capacity,
    platform,
    controllers: new Map(CONTROLLER_NAMES.map(name => [name, spec.controllers[name]])),
    tenancy: tenancy(spec.tenancy, networkingMode),
    widenings: wideningDeclarationsOf(spec.widenings)
  }
}

function planRange({ range, text }: RangeText, field: string): PlanRange {
  return { range, text, field }
}

function planRanges(ranges: readonly RangeText[], field: string): readonly PlanRange[] {
  return ranges.map((range, i) => planRange(range, `${field}[${i}]`))
}

/** In a tenant's own cluster what was handed over is the range of its VLAN, unless the plan names parts of it. */
function allocations(spec: NetworkPlanSpec): readonly Allocation[] | undefined {
  if (spec.allocations !== undefined) {
    return spec.allocations.map(({ range, purpose, announcement }, i) => ({
      ...planRange(range, `spec.allocations[${i}].range`),
      purpose,
      announcement
    }))
  }
  const i = spec.tenancy.tenants.findIndex(({ name }) => name === spec.tenant)
  const range = spec.tenancy.tenants[i]?.vlan?.range
  if (range === undefined) return undefined
  const place = planRange(range, `spec.tenancy.tenants[${i}].vlan.range`)
  return [{ ...place, purpose: `the VLAN of tenant ${spec.tenant}`, announcement: 'l2' }]
}

function nodeSubnet(entry: NonNullable<NetworkPlanSpec['nodeSubnets']>[number], i: number): NodeSubnet {
  const field = `spec.nodeSubnets[${i}]`
  if (!('cidr' in entry)) {
    return { ...planRange(entry, field), gateway: undefined, interfaces: undefined, nodeSelector: undefined }
  }
  const { cidr, gateway, interfaces, nodeSelector } = entry
  return { ...planRange(cidr, `${field}.cidr`), gateway: gateway?.range, interfaces, nodeSelector }
}

function globalPool(spec: NetworkPlanSpec['globalPool']): GlobalPool {
  const byClass = new Map<ServiceClass, string>()
  for (const serviceClass of SERVICE_CLASSES) {
    const pool = spec.ipAddressPoolByClass[serviceClass]
    if (pool !== undefined) byClass.set(serviceClass, pool)
  }
  const { ipAddressPool, externalSubnets, defaultExternalSubnet } = spec
  return { ipAddressPool, ipAddressPoolByClass: byClass, externalSubnets, defaultExternalSubnet }
}

function edgeRouter(spec: NonNullable<NetworkPlanSpec['edgeRouter']>): EdgeRouter {
  if (spec.mode === 'directRouting') {
    const { mode, providerCIDRs } = spec
    return {
      mode,
      providerCIDRs: providerCIDRs && planRanges(providerCIDRs, 'spec.edgeRouter.providerCIDRs')
    }
  }
  const mappings = spec.mappings.map(({ publicIP, eip }, i) => ({
    publicIP: planRange(publicIP, `spec.edgeRouter.mappings[${i}].publicIP`),
    eip: planRange(eip, `spec.edgeRouter.mappings[${i}].eip`)
  }))
  return { mode: spec.mode, mappings }
}

function tenancy(spec: TenancySpec, planMode: Plan['networkingMode']): PlanTenancy {
  const tenants = spec.tenants.map((tenant, i) => tenantEntry(tenant, i, planMode))
  const { namespaceLabels, unlabelledNamespaces, unmappedOvnEips } = spec
  return {
    namespaceLabels,
    unlabelledNamespaces,
    serviceOwners: spec.serviceOwners.flatMap(serviceOwner),
    ovnEipOwners: spec.ovnEipOwners.flatMap(ownerMapping),
    unmappedOvnEips,
    tenants: new Map(tenants.map(tenant => [tenant.name, tenant]))
  }
}

function serviceOwner({ namespaceFromLabel, ...spec }: ServiceOwnerSpec): ServiceOwner[] {
  if (namespaceFromLabel === undefined) return ownerMapping(spec)
  return [{ user: spec.user, owner: { namespaceFromLabel } }]
}

function ownerMapping({ user, tenant, tenantFromLabel }: OwnerMappingSpec): OwnerMapping[] {
  if (tenant !== undefined) return [{ user, owner: { tenant } }]
  return tenantFromLabel === undefined ? [] : [{ user, owner: { tenantFromLabel } }]
}

function tenantEntry(spec: TenantSpec, i: number, planMode: Plan['networkingMode']): TenantEntry {
  const { name, vlan, externalSubnets } = spec
  const range = vlan?.range && planRange(vlan.range, `spec.tenancy.tenants[${i}].vlan.range`)
  return {
    name,
    networkingMode: spec.networkingMode ?? planMode,
    vlan: vlan && { ...vlan, range },
    externalSubnets
  }
}
