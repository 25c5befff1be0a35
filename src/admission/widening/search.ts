import type { PolicySnapshot } from '../ports.ts'
import { constantsOf } from './constants.ts'
import { decide, worldOf, type Request, type World } from './decision.ts'
import { OVN_EIPS, SUBNETS, VPCS } from './kube-ovn-candidates.ts'
import { OWNERS } from './owner-candidates.ts'
import { ADVERTISEMENTS, POOLS } from './pool-candidates.ts'
import { SERVICES } from './service-candidates.ts'
import type { Candidate, CandidateSource, Trial } from './trial.ts'
import { worldsFor } from './worlds.ts'

/** A request that the base refuses and the proposal allows, with as little stored as that takes. */
export interface Witness {
  readonly request: Request
  readonly world: World
  /** When, in milliseconds since 1970. */
  readonly nowMs: number
  /** The rules that the base refuses it by; never empty. */
  readonly rules: readonly string[]
}

/** Two sets of policies, and the time. */
export interface Sides {
  readonly base: PolicySnapshot
  readonly proposal: PolicySnapshot
  readonly nowMs: number
}

const SOURCES: readonly CandidateSource[] = [SERVICES, OVN_EIPS, POOLS, ADVERTISEMENTS, VPCS, SUBNETS, OWNERS]

/** Decisions in all, and of one source at one time: about 0.3 ms each. */
const MOST_DECISIONS = 20_000
const MOST_OF_SOURCE = 6_000

/**
 * Looks for a witness against each of these rules: the policies' own constants, and what lies just beside them, make the
 * requests, and both sets decide each. By rule, also of other rules that are met on the way; a rule without an entry was not
 * shown. At most 20,000 decisions.
 */
export async function findWitnesses(
  wanted: ReadonlySet<string>,
  sides: Sides
): Promise<ReadonlyMap<string, Witness>> {
  const { base, proposal, nowMs } = sides
  const constants = constantsOf(base, proposal, nowMs)
  const plans = [base.plan, proposal.plan] as const
  const trial = { constants, worlds: worldsFor(constants, plans), plans }
  const search = new Search(wanted, sides)
  for (const time of constants.times) {
    for (const source of SOURCES.filter(({ kinds }) => search.isWanted(kinds))) {
      search.enter(time)
      await search.exhaust(source, trial)
    }
  }
  return new Map(
    await Promise.all(
      [...search.found].map(async ([rule, witness]) => [rule, await smallest(witness, rule, sides)] as const)
    )
  )
}

class Search {
  readonly found = new Map<string, Witness>()
  readonly #wanted: ReadonlySet<string>
  readonly #sides: Sides
  #left = MOST_DECISIONS
  #leftOfSource = 0
  #nowMs = 0

  constructor(wanted: ReadonlySet<string>, sides: Sides) {
    this.#wanted = wanted
    this.#sides = sides
  }

  enter(nowMs: number): void {
    this.#nowMs = nowMs
    this.#leftOfSource = MOST_OF_SOURCE
  }

  /** Whether a rule on one of these kinds has no witness yet that it alone refuses. */
  isWanted(kinds: CandidateSource['kinds']): boolean {
    return this.#sides.base.rules.some(
      ({ id, on }) =>
        this.#wanted.has(id) &&
        this.found.get(id)?.rules.length !== 1 &&
        kinds.some(kind => on.includes(kind))
    )
  }

  isDone(kinds: CandidateSource['kinds']): boolean {
    return this.#left <= 0 || this.#leftOfSource <= 0 || !this.isWanted(kinds)
  }

  async exhaust({ kinds, candidates }: CandidateSource, trial: Omit<Trial, 'isAllowed'>): Promise<void> {
    const isAllowed = (candidate: Candidate) => this.isAllowed(candidate)
    for await (const candidate of candidates({ ...trial, isAllowed })) {
      await this.try(candidate)
      if (this.isDone(kinds)) return
    }
  }

  async isAllowed({ world, request }: Candidate): Promise<boolean> {
    this.#spend()
    const decision = await decide(request, world, { snapshot: this.#sides.proposal, nowMs: this.#nowMs })
    return decision?.allowed === true
  }

  async try(candidate: Candidate): Promise<void> {
    const { world, request } = candidate
    this.#spend()
    const nowMs = this.#nowMs
    const before = await decide(request, world, { snapshot: this.#sides.base, nowMs })
    if (before === undefined || before.rules.length === 0) return
    const isNews = before.rules.some(
      rule => (this.found.get(rule)?.rules.length ?? Infinity) > before.rules.length
    )
    if (!isNews || !(await this.isAllowed(candidate))) return
    for (const rule of before.rules) {
      if ((this.found.get(rule)?.rules.length ?? Infinity) > before.rules.length)
        this.found.set(rule, { world, request, nowMs, rules: before.rules })
    }
  }

  #spend(): void {
    this.#left--
    this.#leftOfSource--
  }
}

/** Whether the base refuses it by this rule and the proposal allows it: the rules of the base; undefined when not. */
async function shows(
  { world, request, nowMs }: Omit<Witness, 'rules'>,
  rule: string,
  { base, proposal }: Sides
): Promise<readonly string[] | undefined> {
  const before = await decide(request, world, { snapshot: base, nowMs })
  if (before?.rules.includes(rule) !== true) return undefined
  const after = await decide(request, world, { snapshot: proposal, nowMs })
  return after?.allowed === true ? before.rules : undefined
}

/** Before every exemption ends; the time in a PolicyTest that gives none. */
export const BEFORE_ALL_MS = 0

/** The same witness without the stored objects that it does not need, taken out one after the other, and without its time where any will do. O(objects^2). */
async function smallest(witness: Witness, rule: string, sides: Sides): Promise<Witness> {
  let least = witness
  for (const object of witness.world.existing.toReversed()) {
    const world = worldOf(least.world.existing.filter(one => one !== object))
    const rules = await shows({ ...least, world }, rule, sides)
    if (rules !== undefined) least = { ...least, world, rules }
  }
  const atAnyTime = await shows({ ...least, nowMs: BEFORE_ALL_MS }, rule, sides)
  return atAnyTime === undefined ? least : { ...least, nowMs: BEFORE_ALL_MS, rules: atAnyTime }
}
