import { refOf } from '../kinds/index.ts'
import { portChange, portRef, vpcField } from './gateway-ports.ts'
import { isDedicated, isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** A write does not bring a router to several gateway ports of which one is on a Subnet that not all tenants share. */
export const vpcMultiDGP = defineRule<'Vpc'>({
  id: 'vpc-multi-dgp',
  summary: 'A Vpc with a gateway port on a per-tenant provider Subnet has no other gateway port.',
  why: 'With several distributed gateway ports OVN translates load balancer traffic for the first one only; Kube-OVN publishes ports by load balancers, so the addresses of the other Subnets answer nothing.',
  fix: 'Keep one provider Subnet per Vpc: remove the default gateway port first (enableExternal: false), or use the global pool. Set kubeOvn.multiDGP: assumeFixed in the plan only with a build that has the fix.',
  example:
    'spec: {enableExternal: true, extraExternalSubnets: [acme-ext]} # while the router has a port on external',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/3329',
    'https://github.com/ovn-org/ovn/issues/222',
    'https://github.com/kubeovn/kube-ovn/pull/5268',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/vpc.go'
  ],
  on: ['Vpc'],
  reads: ['OvnEip'],
  defaultAction: 'deny',
  check({ object, oldObject }, { view, plan, requester }) {
    if (isKubeOvn(requester) || plan.kubeOvn.multiDGP === 'assumeFixed') return []
    const { after, added, kept } = portChange(object, oldObject, plan, view)
    const subnet = added.find(name => isDedicated(name, plan)) ?? added[0]
    const isSafe = after.size < 2 || ![...after].some(name => isDedicated(name, plan))
    if (subnet === undefined || isSafe) return []
    const subnets = [...after].toSorted()
    const restsOn = [portRef(object.meta.name, subnet), ...kept]
    return [{ ...vpcField(object, subnet), code: 'multi-dgp', vpc: refOf(object), subnet, subnets, restsOn }]
  }
})
