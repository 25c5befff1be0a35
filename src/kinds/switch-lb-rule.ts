import { addressClaims } from './held-addresses.ts'
import { SWITCH_LB_DOMAIN } from './claim.ts'
import type { KindDefinition } from './kind-definition.ts'
import type { Meta } from './meta.ts'

/** A load balancer on the switches of a Vpc. It names no Subnet: its address may lie in any, or in none. */
export interface SwitchLBRule {
  readonly kind: 'SwitchLBRule'
  readonly meta: Meta
  readonly vip: string
}

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/switch-lb-rule.go */
export const switchLBRule: KindDefinition<SwitchLBRule> = {
  kind: 'SwitchLBRule',
  group: 'kubeovn.io',
  versions: ['v1'],
  resource: 'switch-lb-rules',
  namespaced: false,
  decode: (object, meta) => ({ kind: 'SwitchLBRule', meta, vip: object.at('spec').at('vip').string() }),
  claims(object) {
    const holder = { kind: 'SwitchLBRule', namespace: '', name: object.meta.name }
    return addressClaims(SWITCH_LB_DOMAIN, holder, [{ text: object.vip, field: 'spec.vip' }])
  },
  judged: ({ vip }) => vip
}
