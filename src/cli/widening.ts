import type { CheckedObject } from '../admission/check-report.ts'
import type { PolicySnapshot } from '../admission/ports.ts'
import { wideningObjects } from '../admission/widening/widening-report.ts'
import { wideningsOf } from '../admission/widening/widenings.ts'
import { RULE_ACTIONS } from '../rules/index.ts'
import { loadPolicies } from './policies.ts'
import { policyPlaces } from './policy-places.ts'

/** What is compared, and when. */
export interface WideningOptions {
  /** Of the policies to be replaced: a folder or a file, as for --policies. */
  readonly basePath: string
  /** Of the proposal, which has loaded as `proposal`. */
  readonly paths: readonly string[]
  readonly proposal: PolicySnapshot
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * The policy documents of a proposal that let through what its base refuses, denied, or warned of where they declare it; empty
 * when there is no such thing. Throws UnusableError when the base cannot be read.
 */
export async function checkWidening({
  basePath,
  paths,
  proposal,
  nowMs
}: WideningOptions): Promise<readonly CheckedObject[]> {
  const base = loadPolicies([basePath])
  const widenings = await wideningsOf({ base, proposal, nowMs }, RULE_ACTIONS)
  const placeOf = policyPlaces(paths, proposal.exposures, base.exposures)
  return wideningObjects(widenings, placeOf, basePath)
}
