/** The kinds that put an OvnEip to use. */
export const NAT_RULES = ['OvnFip', 'OvnDnatRule', 'OvnSnatRule', 'RouterLBRule'] as const
export type NatRuleKind = (typeof NAT_RULES)[number]
