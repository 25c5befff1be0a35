import { refOf } from '../kinds/index.ts'
import type { Vpc } from '../kinds/vpc.ts'
import type { Plan } from '../policy/plan.ts'
import type { Finding } from './finding.ts'
import { portChange, portRef, vpcField, type PortChange } from './gateway-ports.ts'
import { unmetPreconditions } from './multi-dgp-preconditions.ts'
import { isDedicated, isKubeOvn } from './provider-subnets.ts'
import { defineRule, type CheckContext } from './rule.ts'

/** A write does not bring a router to several gateway ports of which one is on a Subnet that not all tenants share. */
export const vpcMultiDGP = defineRule<'Vpc'>({
  id: 'vpc-multi-dgp',
  summary: 'A Vpc with a gateway port on a per-tenant provider Subnet has no other gateway port.',
  why: 'With several distributed gateway ports OVN translates load balancer traffic for the first one only; Kube-OVN publishes ports by load balancers, so the addresses of the other Subnets answer nothing.',
  fix: 'Keep one provider Subnet per Vpc: remove the default gateway port first (enableExternal: false), or use the global pool. Set kubeOvn.multiDGP: assumeFixed in the plan only with a build that has the fix.',
  background: [
    "The bug: northd built the flows of every load balancer for the router's first gateway port, whatever Subnet the address is of. With two ports only one Subnet's addresses work; which one, nothing in Kubernetes tells. OvnDnatRule and RouterLBRule are load balancers. OvnFip and OvnSnatRule are NAT rules and not affected.",
    'Which releases: Kube-OVN 1.12 carries OVN 22.12 and is affected. 1.13 and 1.14 carry OVN 24.03 with a patch of their own that mends the way in and not the way back: affected in part. 1.15 and newer carry OVN 25.03, which chooses the port by the address (ovn 264c8310).',
    'Why closed upstream does not mean safe: both issues are closed, but OVN 25.03 still serves load balancers on several gateway ports only while all of them are on one gateway chassis, and Kube-OVN before 1.17 gives each port its chassis in no fixed order (kube-ovn 0a30fdc46). With two gateway nodes the ports may part, today or after a restart; the upstream test reads database rows and sends no traffic.',
    'What to do: (1) Leave multiDGP: blocked, and give a Vpc one provider Subnet. For a per-tenant one (poolModel: perTenant) set enableExternal: false first, so that the default port goes, then enableExternal: true with extraExternalSubnets. (2) Or set kubeOvn.multiDGP: assumeFixed, with kubeOvn.version 1.15 or newer and exactly one Node labelled ovn.kubernetes.io/external-gw=true, or with version 1.17 or newer. Each Vpc write for which that is not so is let through with a warning. With a build of your own that has both fixes set the action of this rule to audit.',
    'What is only warned of: several shared Subnets on one Vpc and the port bfd@VPC of bfdPort.enabled, which are the same defect. Not seen at all: ports of OVN-IC transit switches, and the port that ConfigMap ovn-external-gw-config gives ovn-cluster, until its OvnEip is there. Details: docs/multi-gateway-ports.md.'
  ],
  example:
    'spec: {enableExternal: true, extraExternalSubnets: [acme-ext]} # while the router has a port on external',
  see: [
    'https://github.com/kubeovn/kube-ovn/issues/3329',
    'https://github.com/ovn-org/ovn/issues/222',
    'https://github.com/kubeovn/kube-ovn/pull/5268',
    'https://github.com/kubeovn/kube-ovn/pull/5537',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/vpc.go'
  ],
  on: ['Vpc'],
  reads: ['OvnEip', 'Node'],
  defaultAction: 'deny',
  check({ object, oldObject }, context) {
    if (isKubeOvn(context.requester)) return []
    const { plan, view } = context
    const change = portChange(object, oldObject, plan, view)
    const isBFDAdded = object.bfdPort && oldObject?.bfdPort !== true
    if (change.added.length === 0 && !isBFDAdded) return []
    if (plan.kubeOvn.multiDGP === 'assumeFixed') return notFixed(object, change, context)
    return [...multiDGP(object, change, plan), ...(object.bfdPort ? beside(object, change) : [])]
  }
})

/** Several gateway ports: refused when one is on a per-tenant Subnet, else warned of. */
function multiDGP(vpc: Vpc, { after, added, kept }: PortChange, plan: Plan): Finding[] {
  const subnet = added.find(name => isDedicated(name, plan)) ?? added[0]
  if (after.size < 2 || subnet === undefined) return []
  const subnets = [...after].toSorted()
  const restsOn = [portRef(vpc.meta.name, subnet), ...kept]
  const at = { ...vpcField(vpc, subnet), vpc: refOf(vpc), subnets, restsOn }
  if (subnets.some(name => isDedicated(name, plan))) return [{ ...at, code: 'multi-dgp', subnet }]
  return [{ ...at, code: 'several-ports', bfdPort: false, atMost: 'warn' }]
}

/** The port `bfd@VPC` beside ports on provider Subnets. */
function beside(vpc: Vpc, { after }: PortChange): Finding[] {
  if (after.size === 0) return []
  const at = { field: 'spec.bfdPort.enabled', value: 'true', restsOn: [] }
  const subnets = [...after].toSorted()
  return [{ ...at, code: 'several-ports', vpc: refOf(vpc), subnets, bfdPort: true, atMost: 'warn' }]
}

/** What the plan assumes to be fixed and is not known to be. Nodes that cannot be read must not close the write. */
function notFixed(vpc: Vpc, { after, added }: PortChange, { plan, proposals }: CheckContext): Finding[] {
  if (after.size === 0 || after.size + (vpc.bfdPort ? 1 : 0) < 2) return []
  const subnet = added.find(name => isDedicated(name, plan)) ?? added[0]
  const field =
    subnet === undefined ? { field: 'spec.bfdPort.enabled', value: 'true' } : vpcField(vpc, subnet)
  const at = { ...field, vpc: refOf(vpc), restsOn: [], atMost: 'warn' } as const
  return unmetPreconditions(plan, proposals).map(unmet => ({ ...at, code: 'not-fixed', unmet }))
}
