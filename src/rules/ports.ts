import type { View } from '../inventory/view.ts'
import type { Kinds } from '../kinds/index.ts'
import type { Subnet } from '../kinds/subnet.ts'
import type { Vpc } from '../kinds/vpc.ts'
import type { AddressTaker } from './static-addresses.ts'

/**
 * The name of a Pod's port (pkg/ovs/util.go, PodNameToPortName), which is also what Kube-OVN's allocator knows its addresses
 * by. `provider` is `ovn` for the network that Pods have by default.
 */
export function portName(pod: string, namespace: string, provider: string): string {
  return provider === 'ovn' || provider === '' ? `${pod}.${namespace}` : `${pod}.${namespace}.${provider}`
}

/** Tells whether an IP object of this name is the object's own, or that of a Pod which exists for it. */
export function ownPorts(object: Kinds[AddressTaker], view: View): (name: string) => boolean {
  switch (object.kind) {
    case 'OvnEip':
    case 'IptablesEIP':
    case 'SwitchLBRule':
      return name => name === object.meta.name
    case 'Vip':
      return name => name === portName(object.meta.name, object.namespace, providerOf(object.subnet, view))
    case 'VpcEgressGateway': {
      const deployment = `${object.prefix}${object.meta.name}-`
      return name => {
        const port = view.get('IP', '', name)
        return port?.namespace === object.meta.namespace && port.podName.startsWith(deployment)
      }
    }
  }
}

/** The provider of a Subnet, as `portName` takes it; empty when it does not exist. */
export function providerOf(subnet: string, view: View): string {
  return view.get('Subnet', '', subnet)?.provider ?? ''
}

/**
 * The Vpcs and Subnets whose port on one another is named like this, VPC-SUBNET: either part may hold '-' itself, so that
 * several may be. O(length of the name).
 */
export function portsNamed(
  name: string,
  view: View
): readonly { readonly vpc: Vpc; readonly subnet: Subnet }[] {
  const ports: { readonly vpc: Vpc; readonly subnet: Subnet }[] = []
  for (let dash = name.indexOf('-'); dash >= 0; dash = name.indexOf('-', dash + 1)) {
    const vpc = view.get('Vpc', '', name.slice(0, dash))
    const subnet = view.get('Subnet', '', name.slice(dash + 1))
    if (vpc !== undefined && subnet !== undefined) ports.push({ vpc, subnet })
  }
  return ports
}
