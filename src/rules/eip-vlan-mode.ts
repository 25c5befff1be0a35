import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { Vpc } from '../kinds/vpc.ts'
import { networkingModeOf, type NetworkingMode, type Plan } from '../policy/plan.ts'
import { tenancyIn, tenancyRestsOn, type Tenancy } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import type { At } from './findings/at.ts'
import { effectiveSubnet, isKubeOvn } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** Where tenants live in VLANs, nobody takes an OvnEip for them, nor a gateway port for their router. */
export const eipVlanMode = defineRule<'OvnEip' | 'Vpc'>({
  id: 'eip-vlan-mode',
  summary: 'A tenant in VLAN mode has neither OvnEips nor a Vpc with enableExternal.',
  why: "In VLAN mode there is no shared provider network for OVN to allocate from: an OvnEip would be an address that the tenant's VLAN does not carry, and a gateway port a way around the VLAN.",
  fix: "Expose Services from the tenant's VLAN: through the CCM proxy's pool (tenants[].vlan.ipAddressPool in the plan), or with MetalLB in the tenant's own cluster. Subnets with a vlan are never refused.",
  example: 'spec: {enableExternal: true} # of a Vpc whose tenant has networkingMode: vlan',
  see: [
    'https://kubeovn.github.io/docs/stable/en/start/underlay/',
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-eip-fip-snat/'
  ],
  on: ['OvnEip', 'Vpc'],
  reads: ['Namespace', 'Tenant'],
  defaultAction: 'deny',
  check({ object }, context) {
    const { plan, requester, tenancy } = context
    if (isKubeOvn(requester) || !modesOf(plan).includes('vlan')) return []
    if (object.kind === 'OvnEip') return eipFindings(object, plan, tenancy)
    return object.enableExternal ? vpcFindings(object, context) : []
  }
})

/** Who is in VLAN mode; `tenant` is '' where the whole plan is and nobody is named. */
interface VlanOwner {
  readonly tenant: string
}

/**
 * Whether whoever's the object is, is in VLAN mode. Who acts for all, or for nobody known, is where all of the plan is:
 * otherwise the object may be for a tenant in overlay mode.
 */
function vlanOwner(plan: Plan, tenancy: Tenancy): VlanOwner | undefined {
  if (tenancy.kind === 'tenant') {
    return networkingModeOf(plan, tenancy.name) === 'vlan' ? { tenant: tenancy.name } : undefined
  }
  return modesOf(plan).includes('overlay') ? undefined : { tenant: '' }
}

/** The plan's own mode, and those of the tenants it names. */
function modesOf({ networkingMode, tenancy }: Plan): readonly NetworkingMode[] {
  return [networkingMode, ...[...tenancy.tenants.values()].map(tenant => tenant.networkingMode)]
}

/** Types lrp and lsp are no tenant's: `eip-type` speaks of those. */
function eipFindings(eip: OvnEip, plan: Plan, tenancy: Tenancy): Finding[] {
  const owner = ['', 'nat'].includes(eip.type) ? vlanOwner(plan, tenancy) : undefined
  if (owner === undefined) return []
  const value = effectiveSubnet(eip, plan) ?? ''
  return [vlanFinding(plan, owner, { field: 'spec.externalSubnet', value, restsOn: [] })]
}

/** Of whoever writes the Vpc, else of the namespaces that it is for. */
function vpcFindings(vpc: Vpc, { view, plan, tenancy: writer }: CheckContext): Finding[] {
  const owner = vlanOwner(plan, writer)
  if (owner !== undefined) {
    return [vlanFinding(plan, owner, { field: 'spec.enableExternal', value: 'true', restsOn: [] })]
  }
  return vpc.namespaces.flatMap((name, i): Finding[] => {
    const tenancy = tenancyIn(plan, view, name)
    // One that does not exist yet is judged when the Vpc is written again.
    const vlan = tenancy.kind === 'unknown' ? undefined : vlanOwner(plan, tenancy)
    if (vlan === undefined) return []
    const restsOn = tenancyRestsOn(view, name)
    return [vlanFinding(plan, vlan, { field: `spec.namespaces[${i}]`, value: name, restsOn })]
  })
}

function vlanFinding(plan: Plan, { tenant }: VlanOwner, at: At): Finding {
  const vlan = plan.tenancy.tenants.get(tenant)?.vlan
  const pool = vlan?.exposure === 'ccmProxy' ? vlan.ipAddressPool : undefined
  return { ...at, code: 'vlan-mode', tenant, exposure: vlan?.exposure, pool }
}
