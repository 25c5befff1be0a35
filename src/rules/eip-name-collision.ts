import type { View } from '../inventory/view.ts'
import { subnetDomain } from '../kinds/claim.ts'
import { refOf, type Kinds } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { Finding } from './finding.ts'
import { portName, portsNamed, providerOf } from './ports.ts'
import { effectiveSubnet, isKubeOvn } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'
import { addressSpace, spaceRestsOn } from './static-addresses.ts'

type Named = 'OvnEip' | 'Vip' | 'IptablesEIP'

/** Kube-OVN's allocator knows addresses by names, so no two holders in one Subnet have the same. */
export const eipNameCollision = defineRule<Named>({
  id: 'eip-name-collision',
  summary:
    "An OvnEip is not named like a Pod's port (POD.NAMESPACE), like a router's gateway port (VPC-SUBNET), or like a Vip or IptablesEIP of the same Subnet; nor are those like it.",
  why: "The allocator's key is the name: an OvnEip named like a Pod's port is given that Pod's address, one named like a gateway port becomes it when the Vpc is attached, and deleting a Vip sets free the address of the OvnEip of that name.",
  fix: 'Choose a name without dots that is no VPC-SUBNET.',
  example: 'metadata: {name: web-0.tenant-acme} # the port of Pod web-0 in namespace tenant-acme',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ipam/subnet.go (getV4RandomAddress, ReleaseAddress)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/ovs/util.go (PodNameToPortName)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/vpc.go (handleAddVpcExternalSubnet)'
  ],
  on: ['OvnEip', 'Vip', 'IptablesEIP'],
  reads: ['OvnEip', 'Vip', 'IptablesEIP', 'IP', 'Vpc', 'Subnet', 'Namespace'],
  defaultAction: 'deny',
  check({ object }, context) {
    const { view, plan, requester } = context
    const subnet = isKubeOvn(requester) ? undefined : subnetOf(object, context)
    if (subnet === undefined) return []
    const ports = object.kind === 'OvnEip' ? eipNameFindings(object, subnet, context) : []
    const found = [
      ...portFindings(object, subnet, view),
      ...ports,
      ...holderFindings(object, subnet, context)
    ]
    // Last, so that a name which collides with nothing rests on no more than it must.
    if (found.length === 0 || addressSpace(subnet, plan, view).length === 0) return []
    const space = spaceRestsOn(plan, view)(subnetDomain(subnet))
    return found.map(finding => ({ ...finding, restsOn: [...finding.restsOn, ...space] }))
  }
})

function subnetOf(object: Kinds[Named], { plan }: Pick<CheckContext, 'plan'>): string | undefined {
  if (object.kind === 'OvnEip') return effectiveSubnet(object, plan)
  return (object.kind === 'Vip' ? object.subnet : object.externalSubnet) || undefined
}

/** A port of this name that has an address of the same Subnet. Those of ports all have dots. */
function portFindings(object: Kinds[Named], subnet: string, view: View): Finding[] {
  const { name } = object.meta
  const key = object.kind === 'Vip' ? portName(name, object.namespace, providerOf(subnet, view)) : name
  const port = key.includes('.') ? view.get('IP', '', key) : undefined
  if (port === undefined || port.subnet !== subnet) return []
  const ref = refOf(port)
  return [{ code: 'named-like-port', field: 'metadata.name', value: name, port: ref, restsOn: [ref] }]
}

function eipNameFindings(
  { meta: { name }, type }: OvnEip,
  subnet: string,
  { view }: CheckContext
): Finding[] {
  const at = { field: 'metadata.name', value: name }
  const gateway = gatewayPort(name, view)
  if (gateway !== undefined) {
    const restsOn = [gateway.vpc, gateway.subnet]
    return [{ ...at, code: 'named-like-gateway-port', ...gateway, restsOn }]
  }
  // A gateway node's switch port is named like its Node, dots included; an existing port is spoken of already.
  if (type === 'lsp' || !name.includes('.') || view.get('IP', '', name)?.subnet === subnet) return []
  const namespace = namespaceIn(name, view)
  if (namespace === undefined)
    return [{ ...at, code: 'named-like-pod', namespace, restsOn: [], atMost: 'warn' }]
  const restsOn = [{ kind: 'Namespace', namespace: '', name: namespace }]
  return [{ ...at, code: 'named-like-pod', namespace, restsOn }]
}

/** The Vpc and the provider Subnet whose gateway port would have this name. */
function gatewayPort(
  name: string,
  view: View
): { readonly vpc: ObjectRef; readonly subnet: ObjectRef } | undefined {
  const port = portsNamed(name, view).find(({ subnet }) => subnet.vlan !== '')
  return port && { vpc: refOf(port.vpc), subnet: refOf(port.subnet) }
}

/** The namespace that a name has in the place of POD.NAMESPACE or POD.NAMESPACE.NAD.NAMESPACE.ovn; Pods' names may have dots. */
function namespaceIn(name: string, view: View): string | undefined {
  const labels = name.split('.')
  const places = labels.at(-1) === 'ovn' ? [-4, -1] : [-1]
  return places
    .map(place => labels.at(place) ?? '')
    .find(label => view.get('Namespace', '', label) !== undefined)
}

/** Objects of the other kinds that the allocator knows by the same name in the same Subnet. */
function holderFindings(object: Kinds[Named], subnet: string, context: CheckContext): Finding[] {
  const { name } = object.meta
  const kinds: readonly Named[] = ['OvnEip', 'Vip', 'IptablesEIP']
  return kinds.flatMap((kind): Finding[] => {
    const other = kind === object.kind ? undefined : context.view.get(kind, '', name)
    if (other === undefined || subnetOf(other, context) !== subnet) return []
    const ref = refOf(other)
    const at = { field: 'metadata.name', value: name, restsOn: [ref] }
    return [{ ...at, code: 'named-like-holder', other: ref, subnet }]
  })
}
