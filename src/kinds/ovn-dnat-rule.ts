import { natRuleKind, type NatRule } from './nat-rule.ts'

/** Translates one port of an OvnEip to one internal address. */
export interface OvnDnatRule extends NatRule {
  readonly kind: 'OvnDnatRule'
}

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/ovn-dnat-rule.go */
export const ovnDnatRule = natRuleKind('OvnDnatRule', 'ovn-dnat-rules')
