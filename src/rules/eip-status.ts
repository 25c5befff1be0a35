import type { Kinds } from '../kinds/index.ts'
import type { Finding } from './finding.ts'
import { isKubeOvn } from './provider-subnets.ts'
import { defineRule } from './rule.ts'

/** What Kube-OVN's controller wrote into a status is changed by nobody else. */
export const eipStatus = defineRule<'OvnEip' | 'IptablesEIP'>({
  id: 'eip-status',
  summary: "What Kube-OVN noted in an OvnEip's or IptablesEIP's status is written by Kube-OVN alone.",
  why: "When it starts, kube-ovn-controller fills its allocator with what these statuses say: whoever writes one takes another's address, or gives his own away, at the next restart.",
  fix: 'Leave the status to Kube-OVN.',
  example:
    'kubectl patch oeip web --subresource=status --type=merge -p \'{"status":{"v4Ip":"203.0.113.9"}}\'',
  see: [
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/init.go (InitIPAM)',
    'https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/controller/ovn_eip.go (patchOvnEipStatus)'
  ],
  on: ['OvnEip', 'IptablesEIP'],
  reads: [],
  defaultAction: 'deny',
  checkStatus({ object, oldObject }, { requester }) {
    if (isKubeOvn(requester)) return []
    const before = new Map(notedBy(oldObject))
    return notedBy(object).flatMap(([field, value]): Finding[] => {
      const was = before.get(field) ?? ''
      return value === was ? [] : [{ code: 'status-write', field, value, was, restsOn: [] }]
    })
  }
})

/** What Kube-OVN reads again from the status; conditions are for people. */
function notedBy(eip: Kinds['OvnEip' | 'IptablesEIP']): readonly (readonly [field: string, value: string])[] {
  if (eip.kind === 'IptablesEIP') {
    return [
      ['status.ip', eip.statusIP],
      ['status.ready', String(eip.statusReady)]
    ]
  }
  return [
    ['status.v4Ip', eip.statusV4Ip],
    ['status.v6Ip', eip.statusV6Ip],
    ['status.macAddress', eip.statusMacAddress],
    ['status.type', eip.statusType],
    ['status.nat', eip.statusNat],
    ['status.ready', String(eip.statusReady)]
  ]
}
