import type { KnownRules } from '../../policy/action.ts'
import type { WideningDeclaration } from '../../policy/widening/declaration.ts'
import type { Loosening } from '../../policy/widening/loosening.ts'
import { loosenings } from '../../policy/widening/loosenings.ts'
import type { PolicySnapshot } from '../ports.ts'
import { findWitnesses, type Sides, type Witness } from './search.ts'

/** One change by which the proposal may refuse less than the base. Together the three lists are the rules of `loosening`. */
export interface Widening {
  readonly loosening: Loosening
  /** Rules by which a request is refused that now passes. */
  readonly shown: readonly Shown[]
  /** Rules against which none was found; they count all the same. */
  readonly unshown: readonly string[]
  /** Rules that the proposal declares it for, and has not done so for too long. */
  readonly accepted: readonly Declared[]
  /** Declarations that have expired. */
  readonly expired: readonly Declared[]
}

export interface Shown {
  readonly rule: string
  readonly witness: Witness
}

/** A rule, and what the proposal says about it. */
export interface Declared {
  readonly rule: string
  readonly declaration: WideningDeclaration
}

/**
 * What the proposal lets through that the base refuses, one entry a change; empty when it is at least as strict. Each witness is a
 * request that both sets have decided. See `findWitnesses` for the cost.
 */
export async function wideningsOf(sides: Sides, knownRules: KnownRules): Promise<readonly Widening[]> {
  const { base, proposal, nowMs } = sides
  const found = loosenings(base, proposal, { knownRules, nowMs })
  if (found.length === 0) return []
  const wanted = new Set(found.flatMap(({ rules }) => rules))
  const witnesses = await findWitnesses(wanted, sides)
  const extra = [...witnesses.keys()].filter(rule => !wanted.has(rule))
  return found.map((loosening, i) => {
    // What was only met on the way is due to one of the changes; it is told of the first that may be about anything.
    const rules = isFirstBroad(found, i) ? [...loosening.rules, ...extra] : loosening.rules
    return wideningOf({ ...loosening, rules }, proposal, { witnesses, nowMs })
  })
}

function isFirstBroad(found: readonly Loosening[], i: number): boolean {
  const first = found.findIndex(({ isBroad }) => isBroad === true)
  return i === Math.max(0, first)
}

function wideningOf(
  loosening: Loosening,
  proposal: PolicySnapshot,
  { witnesses, nowMs }: { readonly witnesses: ReadonlyMap<string, Witness>; readonly nowMs: number }
): Widening {
  const declared = loosening.rules.flatMap((rule): readonly Declared[] => {
    const declaration = declarationOf(rule, proposal, nowMs)
    return declaration === undefined ? [] : [{ rule, declaration }]
  })
  const accepted = declared.filter(({ declaration }) => nowMs < declaration.endsMs)
  const isAccepted = new Set(accepted.map(({ rule }) => rule))
  const open = loosening.rules.filter(rule => !isAccepted.has(rule))
  return {
    loosening,
    shown: open.flatMap(rule => {
      const witness = witnesses.get(rule)
      return witness === undefined ? [] : [{ rule, witness }]
    }),
    unshown: open.filter(rule => !witnesses.has(rule)),
    accepted,
    expired: declared.filter(({ rule }) => !isAccepted.has(rule))
  }
}

/** One that counts, else one that has expired. */
function declarationOf(
  rule: string,
  { plan, exposures }: PolicySnapshot,
  nowMs: number
): WideningDeclaration | undefined {
  const all = [...plan.widenings, ...exposures.policies.flatMap(({ widenings }) => widenings)]
  const about = all.filter(({ rules }) => rules.has(rule))
  return about.find(({ endsMs }) => nowMs < endsMs) ?? about[0]
}
