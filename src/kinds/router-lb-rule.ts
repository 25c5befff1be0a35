import { natRuleKind, type NatRule } from './nat-rule.ts'

/** Spreads ports of an OvnEip over the Pods of a Vpc. Since Kube-OVN 1.17; absent before. */
export interface RouterLBRule extends NatRule {
  readonly kind: 'RouterLBRule'
}

/** @see https://github.com/kubeovn/kube-ovn/blob/master/pkg/apis/kubeovn/v1/router-lb-rule.go */
export const routerLBRule = natRuleKind('RouterLBRule', 'router-lb-rules')
