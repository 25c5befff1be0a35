import type { OvnEip } from '../kinds/ovn-eip.ts'
import type { View } from '../inventory/view.ts'
import type { Tenancy } from '../policy/tenancy.ts'
import type { Finding } from './finding.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** Users write OvnEips of type nat; lrp is Kube-OVN's own, lsp the platform's for its gateway nodes. */
export const eipType = defineRule<'OvnEip'>({
  id: 'eip-type',
  summary:
    'An OvnEip has type nat (or none); lrp is written by Kube-OVN alone, lsp by the platform for a Node of that name.',
  why: "Deleting an OvnEip of type lrp or lsp deletes the logical router or switch port of the same name, whoever's it is: a router's gateway, or another tenant's pod. Other texts Kube-OVN stores and never serves.",
  fix: 'Use type nat, or leave it empty.',
  example: 'metadata: {name: ovn-cluster-join}, spec: {type: lrp}',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (handleDelOvnEip)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/ovn-eip.go',
    'https://kubeovn.github.io/docs/stable/en/vpc/ovn-l3-ha-based-ecmp-with-bfd/'
  ],
  on: ['OvnEip'],
  reads: ['Node'],
  defaultAction: 'deny',
  check({ as, object, oldObject }, { view, requester, tenancy }) {
    if (isKubeOvn(requester)) return []
    // What is stored as lrp or lsp was for others to write; that excuses nobody else who changes it.
    const types = as === 'stored' ? [] : [object.type, oldObject?.type ?? '']
    const refused = types.find(type => type === 'lrp' || (type === 'lsp' && tenancy.kind !== 'platform'))
    if (refused !== undefined) return [systemType(refused)]
    return object.type === 'lsp' ? nodeFindings(object, view) : unknownTypeFindings(object, tenancy)
  }
})

function systemType(type: string): Finding {
  const allowed = type === 'lsp' ? ['Kube-OVN', 'the platform'] : ['Kube-OVN']
  return { code: 'system-type', field: 'spec.type', value: type, allowed, restsOn: [] }
}

/** Kube-OVN's node agent looks for an OvnEip that is named like its Node (pkg/daemon/ovs_linux.go). */
function nodeFindings({ meta }: OvnEip, view: View): Finding[] {
  if (!view.known('Node') || view.get('Node', '', meta.name)) return []
  const node = { kind: 'Node', namespace: '', name: meta.name }
  return [{ code: 'no-such-node', field: 'metadata.name', value: meta.name, restsOn: [node] }]
}

function unknownTypeFindings({ type }: OvnEip, tenancy: Tenancy): Finding[] {
  if (['', 'nat', 'lrp'].includes(type)) return []
  const allowed = tenancy.kind === 'platform' ? ['nat', 'lsp'] : ['nat']
  return [{ code: 'unknown-type', field: 'spec.type', value: type, allowed, restsOn: [] }]
}
