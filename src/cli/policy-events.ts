import type { EventFacts } from '../cluster/event.ts'
import type { View } from '../inventory/view.ts'
import { eventName } from './event-name.ts'

/** Policy files that are not in force as they are now. */
export interface NotTaken {
  /** Why, a line for each error. */
  readonly problem: string
  /** Of the set that stays in force. */
  readonly digest: string
}

/**
 * An Event on poolguard's own namespace while its policy files are not taken: one a problem, whichever replica tells it. Says where to
 * look and not what is wrong, since more people read Events than the files. Empty without a problem, and while the Namespace is not known.
 */
export function policyEvents(
  view: View,
  namespace: string,
  { problem, digest }: NotTaken
): readonly EventFacts[] {
  const uid = view.get('Namespace', '', namespace)?.meta.uid
  if (problem === '' || uid === undefined) return []
  const count = problem.split('\n').length
  const errors = count === 1 ? 'an error' : `${count} errors`
  return [
    {
      name: eventName(namespace, ['policies', uid, digest, problem]),
      regarding: { apiVersion: 'v1', kind: 'Namespace', name: namespace, uid },
      reason: 'PoliciesRejected',
      action: 'PolicyReload',
      note: `The policy files have ${errors} and are not taken; ${digest} stays in force. The log and /readyz?verbose of the admin port name the lines.`
    }
  ]
}
