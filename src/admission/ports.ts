import type { View } from '../inventory/view.ts'
import type { Claim } from '../kinds/claim.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Guard } from '../ledger/guard.ts'
import type { Plan } from '../policy/plan.ts'
import type { ExposurePolicies } from '../policy/resolve-exposure.ts'
import type { AnyRule } from '../rules/rule.ts'

/** The policies in force: replaced as a whole on reload, so one decision sees one generation. */
export interface PolicySnapshot {
  readonly plan: Plan
  /** All that are not switched off for everybody; what each does is a matter of the request (`exposureFor`). */
  readonly rules: readonly AnyRule[]
  readonly exposures: ExposurePolicies
  /** The plan's own ranges, laid over the inventory. */
  readonly claims: readonly Claim[]
  /** `sha256:` and 64 hex digits of all that the documents say: names the generation wherever a decision is told. */
  readonly digest: string
}

/** What deciding needs from outside. `check`, `test`, `review` and `serve` build the same decisions on different ports. */
export interface Ports {
  snapshot(): PolicySnapshot
  readonly view: View
  /**
   * Reads these objects live and brings the view up to date; answers those that could not be read. With an inventory
   * from files there is nothing fresher, and the answer is empty.
   */
  confirm(refs: readonly ObjectRef[]): Promise<readonly ObjectRef[]>
  /** Keeps two writes at once from taking the same addresses; absent: this one alone decides, and nothing is stored meanwhile. */
  readonly ledger?: Pick<Guard, 'admit' | 'nowMs'>
  /** The time, in milliseconds since 1970: exemptions end. */
  now(): number
}

/** The same ports with the policies as they are now: a decision begins with this, so that a reload in its midst is none of it. */
export function pinned(ports: Ports): Ports {
  const snapshot = ports.snapshot()
  return { ...ports, snapshot: () => snapshot }
}
