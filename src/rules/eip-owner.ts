import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import { DEFAULT_VPC } from '../kinds/subnet.ts'
import type { Vpc } from '../kinds/vpc.ts'
import { tenantOfSubnet } from '../policy/grants.ts'
import type { Plan } from '../policy/plan.ts'
import { tenancyIn, tenancyRestsOn } from '../policy/tenancy.ts'
import { portsNamed } from './ports.ts'
import { effectiveSubnet } from './provider-subnets.ts'

/** Whose a stored OvnEip is, '' for the platform, and the objects that say so. */
export interface EipOwner {
  readonly tenant: string
  readonly restsOn: readonly ObjectRef[]
}

/** The label that Kube-OVN puts on an OvnEip when a NAT rule binds it to a Vpc (pkg/util/const.go). */
const VPC_LABEL = 'ovn.kubernetes.io/vpc'

/**
 * Whose a stored OvnEip is, as far as anything about it says so, as nothing says who made it: the tenant that has its Subnet
 * alone, the one that a label names which the plan reads tenants off, the one whose Vpc it is a port of or is bound to.
 * undefined when nothing does: then nobody can tell.
 */
export function ownerOfEip(eip: OvnEip, plan: Plan, view: View): EipOwner | undefined {
  const restsOn = [refOf(eip)]
  const subnet = effectiveSubnet(eip, plan)
  const tenant =
    (subnet === undefined ? undefined : tenantOfSubnet(plan, subnet)) ?? labelledTenant(eip, plan)
  if (tenant !== undefined) return { tenant, restsOn }
  for (const { vpc, restsOn: by } of vpcsOf(eip, view)) {
    const owner = ownerOfVpc(vpc, plan, view)
    if (owner !== undefined) return { ...owner, restsOn: [...restsOn, ...by, ...owner.restsOn] }
  }
  return undefined
}

function labelledTenant({ meta: { labels } }: OvnEip, { tenancy }: Plan): string | undefined {
  for (const { owner } of tenancy.ovnEipOwners) {
    const tenant = 'tenantFromLabel' in owner ? (labels.get(owner.tenantFromLabel) ?? '') : ''
    if (tenant !== '') return tenant
  }
  return undefined
}

/** The Vpc it is a gateway port of, else the one Kube-OVN bound it to; and what says so besides the Vpc and the OvnEip. */
function vpcsOf(
  { meta, type }: OvnEip,
  view: View
): readonly { readonly vpc: Vpc; readonly restsOn: readonly ObjectRef[] }[] {
  if (type === 'lrp') {
    return portsNamed(meta.name, view).map(({ vpc, subnet }) => ({ vpc, restsOn: [refOf(subnet)] }))
  }
  const label = meta.labels.get(VPC_LABEL) ?? ''
  const bound = label === '' ? undefined : view.get('Vpc', '', label)
  return bound === undefined ? [] : [{ vpc: bound, restsOn: [] }]
}

/** The tenant of all namespaces of a Vpc; the platform for Kube-OVN's own. undefined for several tenants, and for no namespace. */
function ownerOfVpc(vpc: Vpc, plan: Plan, view: View): EipOwner | undefined {
  const ref = refOf(vpc)
  if (ref.name === DEFAULT_VPC) return { tenant: '', restsOn: [ref] }
  const names = vpc.namespaces.slice(0, MOST_NAMESPACES)
  const tenants = new Set(
    names.map(name => {
      const tenancy = tenancyIn(plan, view, name)
      return tenancy.kind === 'tenant' ? tenancy.name : undefined
    })
  )
  const [tenant] = tenants
  if (tenant === undefined || tenants.size > 1) return undefined
  const namespaces = names.flatMap(name => tenancyRestsOn(view, name))
  return { tenant, restsOn: [ref, ...namespaces] }
}

/** A Vpc is one tenant's; as many of its namespaces as are read live before a denial tell whose. */
const MOST_NAMESPACES = 16
