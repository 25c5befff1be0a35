import type { PolicyDoubt } from '../policy-doubts.ts'

/** For the log of the platform. */
export function policyDoubtWords(doubt: PolicyDoubt): string {
  switch (doubt) {
    case 'nobody-is-platform':
      return 'spec.platform of the NetworkPlan names nobody: everybody is told and allowed what a tenant is; put your administrators there'
    case 'no-rules':
      return 'the policies switch every rule off: nothing will be refused; take the webhook configurations away instead, or switch rules on'
  }
}
