import { natRuleKind, type NatRule } from './nat-rule.ts'

/** Translates all of an OvnEip to one internal address and back. */
export interface OvnFip extends NatRule {
  readonly kind: 'OvnFip'
}

/** @see https://github.com/kubeovn/kube-ovn/blob/v1.15.2/pkg/apis/kubeovn/v1/ovn-fip.go */
export const ovnFip = natRuleKind('OvnFip', 'ovn-fips')
