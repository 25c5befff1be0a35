import type { View } from '../inventory/view.ts'
import type { Claim } from '../kinds/claim.ts'
import type { ObjectRef } from '../kinds/object-ref.ts'
import type { Plan } from '../policy/plan.ts'
import type { BoundRule } from '../rules/evaluate.ts'

/** The policies in force: replaced as a whole on reload, so one decision sees one generation. */
export interface PolicySnapshot {
  readonly plan: Plan
  readonly rules: readonly BoundRule[]
  /** The plan's own ranges, laid over the inventory. */
  readonly claims: readonly Claim[]
  /** Names the generation in logs and audit annotations. */
  readonly fingerprint: string
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
}
