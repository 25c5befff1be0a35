import { natRuleKind, type NatRule } from './nat-rule.ts'

/** Translates what internal addresses send to the address of an OvnEip. */
export interface OvnSnatRule extends NatRule {
  readonly kind: 'OvnSnatRule'
}

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/ovn-snat-rule.go */
export const ovnSnatRule = natRuleKind('OvnSnatRule', 'ovn-snat-rules')
