import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import type { CheckedObject, CheckFinding, CheckReport, Position } from './check-report.ts'

/** What two sets of policies make differently of a stored object. At least one of the lists holds something. */
export interface ChangedObject {
  readonly source: Position & { readonly path: string }
  readonly ref: ObjectRef
  /** Denials by rules that do not deny it by the base. */
  readonly refused: readonly CheckFinding[]
  /** Denials of the base by rules that judge it by the proposal and do not deny it. */
  readonly freed: readonly CheckFinding[]
}

export interface WhatIf {
  /** In the order of kind, namespace and name. */
  readonly objects: readonly ChangedObject[]
  /** How many objects each list is of; one may be of both. `same`: those that neither is of. */
  readonly summary: { readonly refused: number; readonly freed: number; readonly same: number }
}

/**
 * Compares what an audit says of the same stored objects by two sets of policies, rule by rule: one that denies an object by
 * both is no change, whatever it says. Both audits tell all findings (`tellsAll`). O(findings).
 */
export function whatIf(base: CheckReport, proposal: CheckReport): WhatIf {
  const after = new Map(proposal.objects.map(object => [refKey(object.ref), object]))
  const before = new Map(base.objects.map(object => [refKey(object.ref), object]))
  const all = [...proposal.objects, ...base.objects.filter(({ ref }) => !after.has(refKey(ref)))]
  const changed = all
    .map(({ source, ref }): ChangedObject => {
      const [was, is] = [before.get(refKey(ref)), after.get(refKey(ref))]
      const unjudged = new Set(is?.unchecked.map(({ rule }) => rule))
      return {
        source,
        ref,
        refused: denialsBeyond(is, was),
        freed: denialsBeyond(was, is).filter(({ rule }) => !unjudged.has(rule))
      }
    })
    .filter(({ refused, freed }) => refused.length + freed.length > 0)
  const count = (list: 'refused' | 'freed') => changed.filter(object => object[list].length > 0).length
  return {
    objects: changed,
    summary: { refused: count('refused'), freed: count('freed'), same: all.length - changed.length }
  }
}

/** The denials of one by rules that do not deny the other. */
function denialsBeyond(
  one: CheckedObject | undefined,
  other: CheckedObject | undefined
): readonly CheckFinding[] {
  const denying = new Set(denials(other).map(({ rule }) => rule))
  return denials(one).filter(({ rule }) => !denying.has(rule))
}

function denials(object: CheckedObject | undefined): readonly CheckFinding[] {
  return object?.findings.filter(({ action }) => action === 'deny') ?? []
}
