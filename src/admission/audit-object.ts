import type { View } from '../inventory/view.ts'
import { refOf, type AnyObject } from '../kinds/index.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import { evaluate } from '../rules/evaluate.ts'
import type { Finding } from '../rules/finding.ts'
import { presumedWriters } from '../rules/presumed-writers.ts'
import { agreed } from './agreed.ts'
import { uncheckedRule, type Unchecked } from './check-report.ts'
import type { PolicySnapshot } from './ports.ts'

/** What is to be said of one object. */
export interface Audited {
  readonly ref: ObjectRef
  readonly found: readonly Stated[]
  readonly unchecked: readonly Unchecked[]
}

/** A finding, whose it is, and what the policies make of it. */
export interface Stated {
  readonly rule: { readonly id: string }
  readonly action: 'deny' | 'warn' | 'audit'
  readonly finding: Finding
}

/**
 * Judges a stored object as if it were new. One evaluation, but for an object that is judged differently by who wrote it:
 * one for each who may have, and what they do not agree on is unchecked.
 */
export function auditObject(object: AnyObject, view: View, { plan, claims, rules }: PolicySnapshot): Audited {
  const change = {
    kind: object.kind,
    operation: 'CREATE',
    object,
    oldObject: undefined,
    grows: true,
    loses: false
  } as const
  const context = { view: view.with(claims), plan }
  const evaluations = presumedWriters(object, { view, plan }).map(writer =>
    evaluate(change, rules, { ...context, ...writer })
  )
  const { findings, unjudged, unsettled } = agreed(evaluations)
  const depending = unsettled.map(({ id }) => ({ rule: id, because: 'writer-unknown', needs: '' }) as const)
  return {
    ref: refOf(object),
    found: findings,
    unchecked: [...unjudged.map(uncheckedRule), ...depending]
  }
}
