import type { View } from '../inventory/view.ts'
import { KINDS } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { namespacesAsked, requesterOf, tenancyRestsOn } from '../policy/tenancy.ts'
import type { Change } from '../rules/rule.ts'
import type { PolicySnapshot } from './ports.ts'
import type { Review } from './review.ts'

/** The labels that may say whose the object is: the new object's, on DELETE those of what is stored. */
export function labelsOf({ object, oldObject }: Change): ReadonlyMap<string, string> {
  return (object ?? oldObject)?.meta.labels ?? new Map<string, string>()
}

/**
 * The namespaces that say whose the object is: its own, then the one that a label names when an account of `serviceOwners`
 * writes it. None for an object without namespace.
 */
export function namespacesOf(review: Review, change: Change, { plan }: PolicySnapshot): readonly string[] {
  if (!KINDS[change.kind].namespaced) return []
  const requester = requesterOf(plan, review)
  return namespacesAsked(plan, { requester, labels: labelsOf(change), namespace: review.namespace })
}

/** What the owner rests on that a label names, besides the object's own namespace; empty where none does. */
export function namedOwners(
  review: Review,
  change: Change,
  snapshot: PolicySnapshot,
  view: View
): readonly ObjectRef[] {
  return namespacesOf(review, change, snapshot)
    .slice(1)
    .flatMap(name => tenancyRestsOn(view, name))
}
