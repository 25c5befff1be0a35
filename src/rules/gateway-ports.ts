import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Vpc } from '../kinds/vpc.ts'
import { defaultSubnet } from '../policy/domains.ts'
import { isBefore } from '../policy/kube-ovn-version.ts'
import type { Plan } from '../policy/plan.ts'

/** Before 1.14 the default external Subnet is attached whatever else is (kube-ovn#5268 made it optional). */
const DEFAULT_OPTIONAL_SINCE_MINOR = 14

/**
 * The provider Subnets that a Vpc's spec asks for gateway ports on; empty unless `enableExternal`. Extra Subnets replace
 * the default one, except up to Kube-OVN 1.13, where it always comes with them (controller/vpc.go).
 */
export function askedSubnets(vpc: Vpc, plan: Plan): ReadonlySet<string> {
  if (!vpc.enableExternal) return new Set()
  const extra = vpc.extraExternalSubnets
  if (extra.length === 0) return new Set([defaultSubnet(plan)])
  const isDefaultAttached = isBefore(plan.kubeOvn.version, DEFAULT_OPTIONAL_SINCE_MINOR)
  return new Set(isDefaultAttached ? [defaultSubnet(plan), ...extra] : extra)
}

/**
 * The gateway ports a Vpc has now, by provider Subnet: OvnEips of type lrp that are named VPC-SUBNET and not being
 * deleted. The name is built and compared, never split, since both parts may hold '-'. O(OvnEips).
 */
function portsNow(vpcName: string, view: View): ReadonlyMap<string, ObjectRef> {
  const ports = new Map<string, ObjectRef>()
  for (const eip of view.list('OvnEip')) {
    const isPort = eip.type === 'lrp' && eip.meta.name === `${vpcName}-${eip.externalSubnet}`
    if (isPort && !eip.meta.deleting) ports.set(eip.externalSubnet, refOf(eip))
  }
  return ports
}

/** The OvnEip that is, or would be, a router's port on this Subnet. */
export function portRef(vpcName: string, subnet: string): ObjectRef {
  return { kind: 'OvnEip', namespace: '', name: `${vpcName}-${subnet}` }
}

/** What a Vpc write does to the router's gateway ports. */
export interface PortChange {
  /** Every provider Subnet the router will have a port on. */
  readonly after: ReadonlySet<string>
  /**
   * Those of `after` that the stored Vpc neither has nor was asked to have; all of them for a new Vpc, whose ports are left
   * from one of that name, or are what an audit finds. Empty for a write that attaches nothing.
   */
  readonly added: readonly string[]
  /** The port on the default Subnet when the router has one, or was asked to, and keeps it. */
  readonly kept: readonly ObjectRef[]
}

/**
 * Compares what a Vpc is asked to be attached to with what it was asked to and what it has. A port on the default Subnet
 * stays until `enableExternal` is turned off, because Kube-OVN detaches only extra Subnets that leave the list; it counts
 * from when the stored spec asks for it, as its OvnEip is seen only later. Asks the view nothing without `enableExternal`.
 */
export function portChange(vpc: Vpc, oldVpc: Vpc | undefined, plan: Plan, view: View): PortChange {
  if (!vpc.enableExternal) return { after: new Set(), added: [], kept: [] }
  const now = portsNow(vpc.meta.name, view)
  const asked = oldVpc === undefined ? new Set<string>() : askedSubnets(oldVpc, plan)
  const byDefault = defaultSubnet(plan)
  const port = portRef(vpc.meta.name, byDefault)
  const isLeaving = view.get('OvnEip', '', port.name)?.meta.deleting ?? false
  const isKept = now.has(byDefault) || (asked.has(byDefault) && !isLeaving)
  const after = new Set([...askedSubnets(vpc, plan), ...(isKept ? [byDefault] : [])])
  const isHeld = (subnet: string) => oldVpc !== undefined && (asked.has(subnet) || now.has(subnet))
  return {
    after,
    added: [...after].filter(subnet => !isHeld(subnet)),
    kept: isKept ? [port] : []
  }
}

/** A router with a port on one Subnet, and all Subnets it has ports on or asks for. */
export interface Router {
  readonly vpc: ObjectRef
  readonly subnets: readonly string[]
  /** The ports it has, which the answer rests on. */
  readonly ports: readonly ObjectRef[]
}

/** The Vpcs attached to this Subnet that have, or ask for, a second gateway port. O(Vpcs + attached * OvnEips). */
export function multiPortRouters(subnet: string, plan: Plan, view: View): readonly Router[] {
  const routers: Router[] = []
  for (const vpc of view.list('Vpc')) {
    const asked = askedSubnets(vpc, plan)
    if (!asked.has(subnet) && !view.get('OvnEip', '', `${vpc.meta.name}-${subnet}`)) continue
    const now = portsNow(vpc.meta.name, view)
    const subnets = new Set([...asked, ...now.keys()])
    if (!subnets.has(subnet) || subnets.size < 2) continue
    routers.push({ vpc: refOf(vpc), subnets: [...subnets].toSorted(), ports: [...now.values()] })
  }
  return routers
}

/** Field and value of a finding. */
export interface VpcField {
  readonly field: string
  readonly value: string
}

/** Where in a Vpc's spec a provider Subnet comes from, the first place of several. O(its Subnets). */
export function vpcField(vpc: Vpc, subnet: string): VpcField {
  return vpcFields(vpc)(subnet)
}

/** The same for many Subnets of one Vpc: O(1) each after O(its Subnets). */
export function vpcFields({ enableExternal, extraExternalSubnets }: Vpc): (subnet: string) => VpcField {
  const places = new Map(extraExternalSubnets.map((name, i) => [name, i] as const).toReversed())
  return subnet => {
    const at = places.get(subnet)
    if (at === undefined) return { field: 'spec.enableExternal', value: String(enableExternal) }
    return { field: `spec.extraExternalSubnets[${at}]`, value: subnet }
  }
}
