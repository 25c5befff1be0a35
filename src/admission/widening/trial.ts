import type { KindName } from '../../kinds/index.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Constants } from './constants.ts'
import type { Request, World } from './decision.ts'
import type { Worlds } from './worlds.ts'

/** A request, and where it is made. */
export interface Candidate {
  readonly world: World
  readonly request: Request
}

/** What candidates are made of. */
export interface Trial {
  readonly constants: Constants
  readonly worlds: Worlds
  /** Of the base, then of the proposal. */
  readonly plans: readonly [Plan, Plan]
  /** Whether the proposal allows it: what is tried around it differs from it in one thing only. */
  readonly isAllowed: (candidate: Candidate) => Promise<boolean>
}

/** Requests of one kind that may tell two sets of policies apart, the most likely ones first. */
export interface CandidateSource {
  readonly kinds: readonly KindName[]
  readonly candidates: (trial: Trial) => AsyncGenerator<Candidate> | Generator<Candidate>
}

/** The names that exemptions give objects of this kind, as `refKey` has them. */
export function exemptedNames(
  { exemptions }: Constants,
  kind: KindName
): readonly { readonly namespace: string; readonly name: string }[] {
  const keys = new Set(exemptions.flatMap(({ objects = [] }) => [...objects]))
  return [...keys].flatMap(key => {
    const [of = '', namespace = '', name = ''] = key.split('/')
    return of === kind ? [{ namespace, name }] : []
  })
}
