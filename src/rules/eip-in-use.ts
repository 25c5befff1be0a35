import type { View } from '../inventory/view.ts'
import { refOf } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { OvnEip } from '../kinds/ovn-eip.ts'
import { DEFAULT_VPC, type Subnet } from '../kinds/subnet.ts'
import type { Vpc } from '../kinds/vpc.ts'
import type { Finding } from './finding.ts'
import { NAT_RULES } from './nat-rules.ts'
import { portsNamed } from './ports.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** An OvnEip goes only when nothing uses it, and a port's OvnEip goes with the port. */
export const eipInUse = defineRule<'OvnEip'>({
  id: 'eip-in-use',
  summary:
    'An OvnEip is not deleted while an OvnFip, OvnDnatRule, OvnSnatRule or RouterLBRule uses it, nor while it is the port of a router, or named like the port of a Pod.',
  why: 'The deletion cannot be taken back. With 1.15 an OvnEip that asked for its address is gone at once, others when the last rule is or somebody changes their v4Ip: the address goes to somebody else while the rules translate it still. With an OvnEip of type lrp or lsp Kube-OVN deletes the port of that name, and with it all traffic of a router or a Pod.',
  fix: 'Delete the NAT rules first. A gateway port goes by itself when the Vpc is detached (enableExternal, extraExternalSubnets).',
  example: 'kubectl delete oeip web # while OvnFip web uses it',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (handleUpdateOvnEip, getOvnEipNat)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/webhook/ovn_nat_gateway.go (ValidateDeleteOvnEip; not registered)'
  ],
  on: ['OvnEip'],
  reads: [...NAT_RULES, 'Vpc', 'Subnet', 'IP'],
  defaultAction: 'deny',
  checkLoss({ oldObject, object }, { view, requester }) {
    if (object !== undefined || oldObject.meta.deleting || isKubeOvn(requester)) return []
    return [...natFindings(oldObject, view), ...portFindings(oldObject, view)]
  }
})

/** Objects named in one denial; more are counted. They are all read live before it. */
const MOST_NAMED = 8

function natFindings({ meta: { name } }: OvnEip, view: View): Finding[] {
  const rules: ObjectRef[] = []
  for (const kind of NAT_RULES) {
    for (const rule of view.list(kind)) {
      if (rule.ovnEip === name && !rule.meta.deleting) rules.push(refOf(rule))
      if (rules.length === MOST_NAMED) break
    }
  }
  if (rules.length === 0) return []
  return [{ code: 'used-by-nat', field: 'metadata.name', value: name, rules, restsOn: rules }]
}

/** Whose port the deletion would take along: of type lrp a router's, of type lsp a Pod's. */
function portFindings({ meta: { name }, type }: OvnEip, view: View): Finding[] {
  const at = { field: 'metadata.name', value: name }
  if (type === 'lrp') {
    const ports = portsNamed(name, view).filter(({ vpc, subnet }) => hasPort(vpc, subnet))
    return ports.map(({ vpc, subnet }) => {
      const refs = { vpc: refOf(vpc), subnet: refOf(subnet) }
      return { ...at, code: 'gateway-port', ...refs, restsOn: [refs.vpc, refs.subnet] }
    })
  }
  const port = type === 'lsp' ? view.get('IP', '', name) : undefined
  return port === undefined
    ? []
    : [{ ...at, code: 'deletes-port', port: refOf(port), restsOn: [refOf(port)] }]
}

/** Whether the router has a port there: on an external Subnet while it asks for one, on an inner one always. */
function hasPort(vpc: Vpc, subnet: Subnet): boolean {
  return subnet.vlan === '' ? (subnet.vpc || DEFAULT_VPC) === vpc.meta.name : vpc.enableExternal
}
