/** What a rule's finding leads to, the strictest first: refuse, tell the user, only count, not even ask. */
export const ACTIONS = ['deny', 'warn', 'audit', 'off'] as const
export type Action = (typeof ACTIONS)[number]

/** Every rule id and the action it has when no policy names it. */
export type KnownRules = ReadonlyMap<string, Action>
