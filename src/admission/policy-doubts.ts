import type { PolicySnapshot } from './ports.ts'

/** Something that policies say and hardly anybody means: they hold all the same. */
export type PolicyDoubt = 'nobody-is-platform' | 'no-rules'

/** What is doubtful in these policies; empty for most. */
export function policyDoubts({
  plan,
  rules
}: Pick<PolicySnapshot, 'plan' | 'rules'>): readonly PolicyDoubt[] {
  const { users, groups } = plan.platform
  const doubts: PolicyDoubt[] = []
  if (users.length === 0 && groups.length === 0) doubts.push('nobody-is-platform')
  if (rules.length === 0) doubts.push('no-rules')
  return doubts
}
